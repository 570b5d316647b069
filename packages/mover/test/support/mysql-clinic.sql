CREATE TABLE patients (
	id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
	name VARCHAR(100) NOT NULL,
	born DATE NULL,
	kind ENUM('in', 'out') NOT NULL DEFAULT 'out',
	tags SET('a', 'b', 'c') NULL,
	settings JSON NULL,
	upper_name VARCHAR(100) GENERATED ALWAYS AS (UPPER(name)) VIRTUAL,
	note TEXT NULL,
	changed TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
	KEY by_name (name(20), born),
	CONSTRAINT born_late CHECK (born > '1850-01-01')
) COMMENT = 'people; not; numbers';
CREATE TABLE visits (
	id BIGINT AUTO_INCREMENT PRIMARY KEY,
	patient INT UNSIGNED NOT NULL,
	at DATETIME(6) NOT NULL,
	fee DECIMAL(12,4) NULL,
	UNIQUE KEY (patient, at),
	CONSTRAINT of_patient FOREIGN KEY (patient) REFERENCES patients (id) ON DELETE CASCADE
);
CREATE TABLE measurements (
	visit BIGINT NOT NULL,
	weight FLOAT NULL,
	height DOUBLE NULL,
	flags BIT(12) NULL,
	label VARCHAR(40) NULL,
	raw VARBINARY(40) NULL,
	changed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
);
CREATE TABLE documents (id INT PRIMARY KEY, body LONGBLOB NULL, title VARCHAR(80) CHARACTER SET latin1 NULL);
CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, line VARCHAR(200) NULL) ENGINE = MyISAM;
CREATE TABLE places (id INT PRIMARY KEY, spot POINT NOT NULL);
CREATE TABLE empty_one (id INT PRIMARY KEY);
CREATE TABLE `odd ``name` (`select` INT NULL, `a b` VARCHAR(10) NULL);

INSERT INTO patients (name, born, kind, tags, settings, note, changed)
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
	SELECT CONCAT('Päti ''ent" \\ ', i, ' 日本'), IF(i % 7 = 0, NULL, DATE_ADD('1950-01-01', INTERVAL i DAY)), IF(i % 2, 'in', 'out'),
		IF(i % 3, 'a,c', NULL), IF(i % 5, CONCAT('{"n": ', i, ', "s": "a#b\\\\n"}'), NULL), IF(i % 11 = 0, NULL, REPEAT(CHAR(35 + i % 60), i)),
		TIMESTAMP('2026-01-01 03:04:05.678') + INTERVAL i MINUTE FROM n;
INSERT INTO visits (patient, at, fee)
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
	SELECT 1 + i % 400, TIMESTAMP('2026-02-01 01:02:03.456789') + INTERVAL i HOUR, IF(i % 9, i / 7, NULL) FROM n;
INSERT INTO measurements (visit, weight, height, flags, label, raw, changed)
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
	SELECT i, IF(i % 13, i * 1000 + i / 7.0, NULL), i / 3e0, i % 4096, IF(i % 4, CONCAT('m', i), NULL), UNHEX(SHA1(i)),
		TIMESTAMP('2026-03-01 00:00:00') + INTERVAL i MINUTE FROM n;
INSERT INTO documents
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
	SELECT i, REPEAT(UNHEX(CONCAT('00FF27225C0A', SHA1(i))), 300), CONCAT('Dokument é ', i) FROM n;
INSERT INTO documents VALUES (41, NULL, NULL), (42, '', '');
INSERT INTO audit (line) VALUES ('first'), (NULL), ('third');
INSERT INTO places VALUES (1, ST_GeomFromText('POINT(1.5 -2.25)', 4326)), (2, ST_GeomFromText('POINT(0 0)', 0));
INSERT INTO `odd ``name` VALUES (1, 'x'), (NULL, NULL), (1, 'x');

CREATE USER clinic_owner@'%' IDENTIFIED BY 'x';
GRANT SELECT, INSERT, UPDATE, EXECUTE ON clinic.* TO clinic_owner@'%';
CREATE USER app@'%' IDENTIFIED BY 'x';
GRANT SELECT, INSERT, UPDATE, DELETE ON clinic.* TO app@'%';
CREATE DEFINER = clinic_owner@'%' FUNCTION shown_name(given VARCHAR(100)) RETURNS VARCHAR(110) DETERMINISTIC RETURN CONCAT('* ', given);
CREATE DEFINER = clinic_owner@'%' PROCEDURE clean_up(IN days INT) MODIFIES SQL DATA DELETE FROM audit WHERE id < days;
CREATE DEFINER = clinic_owner@'%' TRIGGER visits_in BEFORE INSERT ON visits FOR EACH ROW SET NEW.fee = COALESCE(NEW.fee, 0);
CREATE DEFINER = clinic_owner@'%' VIEW a_second AS SELECT shown, born FROM (SELECT 1) x JOIN (SELECT shown_name(name) AS shown, born FROM patients) y;
CREATE DEFINER = clinic_owner@'%' SQL SECURITY DEFINER VIEW patients_shown AS SELECT id, shown_name(name) AS shown, born FROM patients;
CREATE DEFINER = clinic_owner@'%' EVENT sweep ON SCHEDULE EVERY 1 SECOND STARTS '2026-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE COMMENT 'It''s on' DO DELETE FROM audit;
CREATE DEFINER = clinic_owner@'%' EVENT resting ON SCHEDULE EVERY '1 2' DAY_HOUR DISABLE DO DELETE FROM audit;
