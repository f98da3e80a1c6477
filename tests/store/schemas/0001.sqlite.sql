BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE blob (
	digest VARCHAR(64) NOT NULL, 
	size INTEGER NOT NULL, 
	packing VARCHAR(8) NOT NULL, 
	packed BLOB NOT NULL, 
	PRIMARY KEY (digest)
);
INSERT INTO "blob" VALUES('134644a9380d2b8849b2343025d5e1a83cbc4c9b596d2394bb9a30cdf9f926e2',13,'zlib',X'789C4B4E2C4EB55228C8494D494FE5020020B70472');
INSERT INTO "blob" VALUES('3b0d2d05d8372869ffe1d87a1733beb2af17fad7ac90f61ee395c674f4d9f36c',78,'zlib',X'789CAB562A4B2D4AC94C2E51B2AA562A28CA4F4A4CCACCC92CA954B232D03336400526B53A4A7989B9A9C54A56D14A87572AE928252AC50285F2F35295ACF24A73726A01C1CB1820');
INSERT INTO "blob" VALUES('a18f1db34d9e1cd6a8c72b1da41cdbb5d1f22bb5bc647dec5fde9044e583c487',1500,'zlib',X'789CB35174F1770E890C7055C828C9CDB1B319E58E7247B9A3DC51EED0E702007FDDC530');
INSERT INTO "blob" VALUES('c4112d6e4bd0925c5a65522b8ba27af1a1da00422076ceebfe6169ad79f52d73',27,'zlib',X'789C4B4E2C4EB55228C8494D494FE52A4A2DCECF294B4DB152A84C2DE6020088BA098B');
CREATE TABLE case_version (
	name VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	title TEXT NOT NULL, 
	text TEXT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	saved_at VARCHAR(32) NOT NULL, 
	note TEXT NOT NULL, 
	PRIMARY KEY (name, version), 
	CONSTRAINT version_from_one CHECK (version >= 1), 
	FOREIGN KEY(name) REFERENCES saved_case (name)
);
INSERT INTO "case_version" VALUES('pledge',1,'A pledge','case: pledge
# é
','aa81041ffebd710333170b3b8c706a136c07a5234a937046cd1b28587151f66c','2026-11-23T04:07:50.145868+00:00','as found');
INSERT INTO "case_version" VALUES('pledge',2,'A pledge','case: pledge
# better
','338cfdbc991d1eca7455efb4bec2ca32318ff4afe7d9ff37b7668d8a2c853ae7','2026-11-23T04:07:50.150034+00:00','mended');
INSERT INTO "case_version" VALUES('aside',1,'Put aside','case: aside
','fcb49324b62688953b719b4479b4498e7acd5a5764b5b94161bac79564e6eb87','2026-11-23T04:07:50.152565+00:00','');
CREATE TABLE forecast_entry (
	number INTEGER NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	line TEXT NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (sha256)
);
INSERT INTO "forecast_entry" VALUES(1,'89d9ff800a5b334ea7089bd03e921afbc26ba9ebc23ec35b394bf4b6d1bb0100','{"forecasts":{"as_of":"2025-01-01","case":"pledge","digest":"c0ffee","engine":"1","questions":[{"benchmarks":[],"confidence":"","date":"2027-01-01","high":0.15,"low":0.02,"probability":0.07,"question":"war","text":"War before 2027?","timing":"by","words":"very unlikely"}],"settings":[]},"kind":"forecasts","number":1,"previous":"0000000000000000000000000000000000000000000000000000000000000000","sha256":"89d9ff800a5b334ea7089bd03e921afbc26ba9ebc23ec35b394bf4b6d1bb0100","time":"2026-11-23T04:07:50.167343+00:00"}');
INSERT INTO "forecast_entry" VALUES(2,'c5f73a8e1dc5e96465b81bce3f66bca5080eebc38df31a8882ef9388add46288','{"kind":"outcome","number":2,"outcome":{"case":"pledge","date":"2027-01-01","happened":false,"question":"war","settled":"2027-01-02","source":"Reuters"},"previous":"89d9ff800a5b334ea7089bd03e921afbc26ba9ebc23ec35b394bf4b6d1bb0100","sha256":"c5f73a8e1dc5e96465b81bce3f66bca5080eebc38df31a8882ef9388add46288","time":"2026-11-23T04:07:50.169014+00:00"}');
CREATE TABLE job (
	id VARCHAR(32) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	case_name TEXT NOT NULL, 
	request TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	progress FLOAT NOT NULL, 
	stage TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	owner TEXT NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	queued_at VARCHAR(32) NOT NULL, 
	started_at VARCHAR(32), 
	beaten_at VARCHAR(32), 
	finished_at VARCHAR(32), 
	cancel_asked BOOLEAN NOT NULL, 
	error TEXT NOT NULL, 
	run VARCHAR(32), 
	PRIMARY KEY (id), 
	CONSTRAINT known_state CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')), 
	FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO "job" VALUES('67810038113a','run','pledge','{"set":{}}','done',1.0,'',1,'w1','2026-11-23T04:07:50.169819+00:00','2026-11-23T04:07:50.169819+00:00','2026-11-23T04:07:50.179573+00:00','2026-11-23T04:07:50.179573+00:00','2026-11-23T04:07:50.183461+00:00',0,'','3a2335834ff1');
INSERT INTO "job" VALUES('d06712ed59e1','forecast','pledge','{"draws":64}','running',0.5,'draws',1,'w2','2026-11-23T04:07:50.174333+00:00','2026-11-23T04:07:50.174333+00:00','2026-11-23T04:07:50.182118+00:00','2026-11-23T04:07:50.185277+00:00',NULL,0,'',NULL);
INSERT INTO "job" VALUES('936b52f5dcf1','forecast','pledge','{"draws":64}','queued',0.0,'',0,'','2026-11-23T04:07:50.176558+00:00','2026-11-23T04:07:50.176558+00:00',NULL,NULL,NULL,0,'',NULL);
CREATE TABLE run (
	id VARCHAR(32) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	case_name TEXT NOT NULL, 
	title TEXT NOT NULL, 
	version INTEGER, 
	scenario TEXT NOT NULL, 
	options TEXT NOT NULL, 
	asked VARCHAR(64) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	written VARCHAR(64) NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	seconds FLOAT NOT NULL, 
	headline TEXT NOT NULL, 
	provenance TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "run" VALUES('3a2335834ff1','run','pledge','A pledge',2,'{"off":["b"],"set":{"a":0.1}}','{"draws":64}','cc2275ebf1c4eff2bb704c6476a9e6fe10bd6e9acb38872102bee8b81d971010','c4112d6e4bd0925c5a65522b8ba27af1a1da00422076ceebfe6169ad79f52d73','134644a9380d2b8849b2343025d5e1a83cbc4c9b596d2394bb9a30cdf9f926e2','2026-11-23T04:07:50.160831+00:00',1.25,'It holds.','{"case":"pledge","digest":"c4112d6e4bd0925c5a65522b8ba27af1a1da00422076ceebfe6169ad79f52d73","made_at":"2026-11-23T04:07:50+00:00","settings":[["draws","64"]],"versions":[["servanda","0.1.0"],["python","3.11.7"],["numpy","2.4.6"],["scipy","1.17.1"],["numba","0.68.1"]]}');
CREATE TABLE run_file (
	run VARCHAR(32) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	PRIMARY KEY (run, name), 
	FOREIGN KEY(run) REFERENCES run (id), 
	FOREIGN KEY(digest) REFERENCES blob (digest)
);
INSERT INTO "run_file" VALUES('3a2335834ff1','case.yaml','134644a9380d2b8849b2343025d5e1a83cbc4c9b596d2394bb9a30cdf9f926e2');
INSERT INTO "run_file" VALUES('3a2335834ff1','report.html','a18f1db34d9e1cd6a8c72b1da41cdbb5d1f22bb5bc647dec5fde9044e583c487');
INSERT INTO "run_file" VALUES('3a2335834ff1','resolved.yaml','c4112d6e4bd0925c5a65522b8ba27af1a1da00422076ceebfe6169ad79f52d73');
INSERT INTO "run_file" VALUES('3a2335834ff1','result.json','3b0d2d05d8372869ffe1d87a1733beb2af17fad7ac90f61ee395c674f4d9f36c');
CREATE TABLE saved_case (
	name VARCHAR(64) NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	archived_at VARCHAR(32), 
	PRIMARY KEY (name)
);
INSERT INTO "saved_case" VALUES('pledge','2026-11-23T04:07:50.145868+00:00',NULL);
INSERT INTO "saved_case" VALUES('aside','2026-11-23T04:07:50.152565+00:00','2026-11-23T04:07:50.154160+00:00');
CREATE INDEX run_newest ON run (created_at);
CREATE INDEX run_of_case ON run (case_name, kind, created_at);
CREATE INDEX run_asked ON run (asked);
CREATE INDEX job_of_state ON job (state, queued_at);
CREATE TRIGGER blob_no_update BEFORE UPDATE ON blob BEGIN SELECT RAISE(ABORT, 'blob is append-only'); END;
CREATE TRIGGER blob_no_delete BEFORE DELETE ON blob BEGIN SELECT RAISE(ABORT, 'blob is append-only'); END;
CREATE TRIGGER case_version_no_update BEFORE UPDATE ON case_version BEGIN SELECT RAISE(ABORT, 'case_version is append-only'); END;
CREATE TRIGGER case_version_no_delete BEFORE DELETE ON case_version BEGIN SELECT RAISE(ABORT, 'case_version is append-only'); END;
CREATE TRIGGER run_no_update BEFORE UPDATE ON run BEGIN SELECT RAISE(ABORT, 'run is append-only'); END;
CREATE TRIGGER run_no_delete BEFORE DELETE ON run BEGIN SELECT RAISE(ABORT, 'run is append-only'); END;
CREATE TRIGGER run_file_no_update BEFORE UPDATE ON run_file BEGIN SELECT RAISE(ABORT, 'run_file is append-only'); END;
CREATE TRIGGER run_file_no_delete BEFORE DELETE ON run_file BEGIN SELECT RAISE(ABORT, 'run_file is append-only'); END;
CREATE TRIGGER forecast_entry_no_update BEFORE UPDATE ON forecast_entry BEGIN SELECT RAISE(ABORT, 'forecast_entry is append-only'); END;
CREATE TRIGGER forecast_entry_no_delete BEFORE DELETE ON forecast_entry BEGIN SELECT RAISE(ABORT, 'forecast_entry is append-only'); END;
CREATE TRIGGER saved_case_no_delete BEFORE DELETE ON saved_case BEGIN SELECT RAISE(ABORT, 'saved_case is append-only'); END;
COMMIT;
