--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: servanda_append_only(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.servanda_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: blob; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.blob (
    digest character varying(64) NOT NULL,
    size integer NOT NULL,
    packing character varying(8) NOT NULL,
    packed bytea NOT NULL
);


--
-- Name: case_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.case_version (
    name character varying(64) NOT NULL,
    version integer NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    digest character varying(64) NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    note text NOT NULL,
    CONSTRAINT version_from_one CHECK ((version >= 1))
);


--
-- Name: forecast_entry; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.forecast_entry (
    number integer NOT NULL,
    sha256 character varying(64) NOT NULL,
    line text NOT NULL
);


--
-- Name: job; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.job (
    id character varying(32) NOT NULL,
    kind character varying(32) NOT NULL,
    case_name text NOT NULL,
    request text NOT NULL,
    state character varying(16) NOT NULL,
    progress double precision NOT NULL,
    stage text NOT NULL,
    attempts integer NOT NULL,
    owner text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    queued_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    beaten_at timestamp with time zone,
    finished_at timestamp with time zone,
    cancel_asked boolean NOT NULL,
    error text NOT NULL,
    run character varying(32),
    CONSTRAINT known_state CHECK (((state)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'done'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);


--
-- Name: run; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.run (
    id character varying(32) NOT NULL,
    kind character varying(32) NOT NULL,
    case_name text NOT NULL,
    title text NOT NULL,
    version integer,
    scenario text NOT NULL,
    options text NOT NULL,
    asked character varying(64) NOT NULL,
    digest character varying(64) NOT NULL,
    written character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seconds double precision NOT NULL,
    headline text NOT NULL,
    provenance text NOT NULL
);


--
-- Name: run_file; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.run_file (
    run character varying(32) NOT NULL,
    name character varying(200) NOT NULL,
    digest character varying(64) NOT NULL
);


--
-- Name: saved_case; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.saved_case (
    name character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    archived_at timestamp with time zone
);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.alembic_version VALUES ('0001');


--
-- Data for Name: blob; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.blob VALUES ('134644a9380d2b8849b2343025d5e1a83cbc4c9b596d2394bb9a30cdf9f926e2', 13, 'zlib', '\x789c4b4e2c4eb55228c8494d494fe5020020b70472');
INSERT INTO public.blob VALUES ('3b0d2d05d8372869ffe1d87a1733beb2af17fad7ac90f61ee395c674f4d9f36c', 78, 'zlib', '\x789cab562a4b2d4ac94c2e51b2aa562a28ca4f4a4ccaccc92ca954b232d03336400526b53a4a7989b9a9c54a56d14a87572ae928252ac50285f2f35295acf24a73726a01c1cb1820');
INSERT INTO public.blob VALUES ('a18f1db34d9e1cd6a8c72b1da41cdbb5d1f22bb5bc647dec5fde9044e583c487', 1500, 'zlib', '\x789cb35174f1770e890c7055c828c9cdb1b319e58e7247b9a3dc51eed0e702007fddc530');
INSERT INTO public.blob VALUES ('c4112d6e4bd0925c5a65522b8ba27af1a1da00422076ceebfe6169ad79f52d73', 27, 'zlib', '\x789c4b4e2c4eb55228c8494d494fe52a4a2dcecf294b4db152a84c2de6020088ba098b');


--
-- Data for Name: case_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.case_version VALUES ('pledge', 1, 'A pledge', 'case: pledge
# é
', 'aa81041ffebd710333170b3b8c706a136c07a5234a937046cd1b28587151f66c', '2026-11-23 07:37:51.396845+03:30', 'as found');
INSERT INTO public.case_version VALUES ('pledge', 2, 'A pledge', 'case: pledge
# better
', '338cfdbc991d1eca7455efb4bec2ca32318ff4afe7d9ff37b7668d8a2c853ae7', '2026-11-23 07:37:51.405232+03:30', 'mended');
INSERT INTO public.case_version VALUES ('aside', 1, 'Put aside', 'case: aside
', 'fcb49324b62688953b719b4479b4498e7acd5a5764b5b94161bac79564e6eb87', '2026-11-23 07:37:51.411335+03:30', '');


--
-- Data for Name: forecast_entry; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.forecast_entry VALUES (1, '02291d724d6584ce6ece313b5096d157a61dc40847d00d8d539f59c5860a0e27', '{"forecasts":{"as_of":"2025-01-01","case":"pledge","digest":"c0ffee","engine":"1","questions":[{"benchmarks":[],"confidence":"","date":"2027-01-01","high":0.15,"low":0.02,"probability":0.07,"question":"war","text":"War before 2027?","timing":"by","words":"very unlikely"}],"settings":[]},"kind":"forecasts","number":1,"previous":"0000000000000000000000000000000000000000000000000000000000000000","sha256":"02291d724d6584ce6ece313b5096d157a61dc40847d00d8d539f59c5860a0e27","time":"2026-11-23T04:07:51.440343+00:00"}');
INSERT INTO public.forecast_entry VALUES (2, '98acf75305b961095897bbfbcdda5e7bb329ab855ad5942a38babf7494db888c', '{"kind":"outcome","number":2,"outcome":{"case":"pledge","date":"2027-01-01","happened":false,"question":"war","settled":"2027-01-02","source":"Reuters"},"previous":"02291d724d6584ce6ece313b5096d157a61dc40847d00d8d539f59c5860a0e27","sha256":"98acf75305b961095897bbfbcdda5e7bb329ab855ad5942a38babf7494db888c","time":"2026-11-23T04:07:51.443997+00:00"}');


--
-- Data for Name: job; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.job VALUES ('630186698e11', 'forecast', 'pledge', '{"draws":64}', 'queued', 0, '', 0, '', '2026-11-23 07:37:51.459752+03:30', '2026-11-23 07:37:51.459752+03:30', NULL, NULL, NULL, false, '', NULL);
INSERT INTO public.job VALUES ('7c74c4d29704', 'run', 'pledge', '{"set":{}}', 'done', 1, '', 1, 'w1', '2026-11-23 07:37:51.445055+03:30', '2026-11-23 07:37:51.445055+03:30', '2026-11-23 07:37:51.464878+03:30', '2026-11-23 07:37:51.464878+03:30', '2026-11-23 07:37:51.471089+03:30', false, '', '25882c2f123d');
INSERT INTO public.job VALUES ('569025c973a9', 'forecast', 'pledge', '{"draws":64}', 'running', 0.5, 'draws', 1, 'w2', '2026-11-23 07:37:51.456266+03:30', '2026-11-23 07:37:51.456266+03:30', '2026-11-23 07:37:51.469004+03:30', '2026-11-23 07:37:51.473706+03:30', NULL, false, '', NULL);


--
-- Data for Name: run; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.run VALUES ('25882c2f123d', 'run', 'pledge', 'A pledge', 2, '{"off":["b"],"set":{"a":0.1}}', '{"draws":64}', 'cc2275ebf1c4eff2bb704c6476a9e6fe10bd6e9acb38872102bee8b81d971010', 'c4112d6e4bd0925c5a65522b8ba27af1a1da00422076ceebfe6169ad79f52d73', '134644a9380d2b8849b2343025d5e1a83cbc4c9b596d2394bb9a30cdf9f926e2', '2026-11-23 07:37:51.423641+03:30', 1.25, 'It holds.', '{"case":"pledge","digest":"c4112d6e4bd0925c5a65522b8ba27af1a1da00422076ceebfe6169ad79f52d73","made_at":"2026-11-23T04:07:51+00:00","settings":[["draws","64"]],"versions":[["servanda","0.1.0"],["python","3.11.7"],["numpy","2.4.6"],["scipy","1.17.1"],["numba","0.68.1"]]}');


--
-- Data for Name: run_file; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.run_file VALUES ('25882c2f123d', 'case.yaml', '134644a9380d2b8849b2343025d5e1a83cbc4c9b596d2394bb9a30cdf9f926e2');
INSERT INTO public.run_file VALUES ('25882c2f123d', 'report.html', 'a18f1db34d9e1cd6a8c72b1da41cdbb5d1f22bb5bc647dec5fde9044e583c487');
INSERT INTO public.run_file VALUES ('25882c2f123d', 'resolved.yaml', 'c4112d6e4bd0925c5a65522b8ba27af1a1da00422076ceebfe6169ad79f52d73');
INSERT INTO public.run_file VALUES ('25882c2f123d', 'result.json', '3b0d2d05d8372869ffe1d87a1733beb2af17fad7ac90f61ee395c674f4d9f36c');


--
-- Data for Name: saved_case; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.saved_case VALUES ('pledge', '2026-11-23 07:37:51.396845+03:30', NULL);
INSERT INTO public.saved_case VALUES ('aside', '2026-11-23 07:37:51.411335+03:30', '2026-11-23 07:37:51.415694+03:30');


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: blob blob_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.blob
    ADD CONSTRAINT blob_pkey PRIMARY KEY (digest);


--
-- Name: case_version case_version_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.case_version
    ADD CONSTRAINT case_version_pkey PRIMARY KEY (name, version);


--
-- Name: forecast_entry forecast_entry_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forecast_entry
    ADD CONSTRAINT forecast_entry_pkey PRIMARY KEY (number);


--
-- Name: forecast_entry forecast_entry_sha256_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forecast_entry
    ADD CONSTRAINT forecast_entry_sha256_key UNIQUE (sha256);


--
-- Name: job job_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);


--
-- Name: run_file run_file_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.run_file
    ADD CONSTRAINT run_file_pkey PRIMARY KEY (run, name);


--
-- Name: run run_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (id);


--
-- Name: saved_case saved_case_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.saved_case
    ADD CONSTRAINT saved_case_pkey PRIMARY KEY (name);


--
-- Name: job_of_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX job_of_state ON public.job USING btree (state, queued_at);


--
-- Name: run_asked; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX run_asked ON public.run USING btree (asked);


--
-- Name: run_newest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX run_newest ON public.run USING btree (created_at);


--
-- Name: run_of_case; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX run_of_case ON public.run USING btree (case_name, kind, created_at);


--
-- Name: blob blob_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER blob_append_only BEFORE DELETE OR UPDATE ON public.blob FOR EACH ROW EXECUTE FUNCTION public.servanda_append_only();


--
-- Name: blob blob_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER blob_no_truncate BEFORE TRUNCATE ON public.blob FOR EACH STATEMENT EXECUTE FUNCTION public.servanda_append_only();


--
-- Name: case_version case_version_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER case_version_append_only BEFORE DELETE OR UPDATE ON public.case_version FOR EACH ROW EXECUTE FUNCTION public.servanda_append_only();


--
-- Name: case_version case_version_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER case_version_no_truncate BEFORE TRUNCATE ON public.case_version FOR EACH STATEMENT EXECUTE FUNCTION public.servanda_append_only();


--
-- Name: forecast_entry forecast_entry_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER forecast_entry_append_only BEFORE DELETE OR UPDATE ON public.forecast_entry FOR EACH ROW EXECUTE FUNCTION public.servanda_append_only();


--
-- Name: forecast_entry forecast_entry_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER forecast_entry_no_truncate BEFORE TRUNCATE ON public.forecast_entry FOR EACH STATEMENT EXECUTE FUNCTION public.servanda_append_only();


--
-- Name: run run_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER run_append_only BEFORE DELETE OR UPDATE ON public.run FOR EACH ROW EXECUTE FUNCTION public.servanda_append_only();


--
-- Name: run_file run_file_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER run_file_append_only BEFORE DELETE OR UPDATE ON public.run_file FOR EACH ROW EXECUTE FUNCTION public.servanda_append_only();


--
-- Name: run_file run_file_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER run_file_no_truncate BEFORE TRUNCATE ON public.run_file FOR EACH STATEMENT EXECUTE FUNCTION public.servanda_append_only();


--
-- Name: run run_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER run_no_truncate BEFORE TRUNCATE ON public.run FOR EACH STATEMENT EXECUTE FUNCTION public.servanda_append_only();


--
-- Name: saved_case saved_case_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER saved_case_append_only BEFORE DELETE ON public.saved_case FOR EACH ROW EXECUTE FUNCTION public.servanda_append_only();


--
-- Name: saved_case saved_case_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER saved_case_no_truncate BEFORE TRUNCATE ON public.saved_case FOR EACH STATEMENT EXECUTE FUNCTION public.servanda_append_only();


--
-- Name: case_version case_version_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.case_version
    ADD CONSTRAINT case_version_name_fkey FOREIGN KEY (name) REFERENCES public.saved_case(name);


--
-- Name: job job_run_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_run_fkey FOREIGN KEY (run) REFERENCES public.run(id);


--
-- Name: run_file run_file_digest_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.run_file
    ADD CONSTRAINT run_file_digest_fkey FOREIGN KEY (digest) REFERENCES public.blob(digest);


--
-- Name: run_file run_file_run_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.run_file
    ADD CONSTRAINT run_file_run_fkey FOREIGN KEY (run) REFERENCES public.run(id);


--
-- PostgreSQL database dump complete
--


