table appeal: id text not null
table appeal: person_id text not null
table appeal: lesson_id text not null
table appeal: from_ms bigint not null
table appeal: to_ms bigint not null
table appeal: text text not null
table appeal: evidence text not null
table appeal: state text not null
table appeal: submitted_at bigint not null
table appeal: decided_at bigint not null
table appeal: decided_by text not null
table appeal: answer text not null
table appeal: media_rev bigint not null default 0
table audit_entry: id text not null
table audit_entry: at bigint not null
table audit_entry: account_id text not null
table audit_entry: action text not null
table audit_entry: object text not null
table audit_entry: detail text not null
table availability_count: id bigint not null
table availability_count: since bigint not null
table availability_count: judged bigint not null
table availability_day: day text not null
table availability_day: requests bigint not null
table availability_day: failed bigint not null
table availability_day: took_us bigint not null
table availability_day: spread text not null
table availability_day: peak_minute bigint not null
table availability_day: peak_requests bigint not null
table availability_day: peak_took_us bigint not null
table availability_day: peak_spread text not null
table availability_incident: id text not null
table availability_incident: kind text not null
table availability_incident: began bigint not null
table availability_incident: ended bigint not null
table availability_incident: down bigint not null
table availability_incident: failed bigint not null
table availability_incident: cause text not null
table availability_incident: remedy text not null
table availability_incident: noted_by text not null
table availability_incident: noted_at bigint not null
table availability_minute: minute bigint not null
table availability_minute: process text not null
table availability_minute: requests bigint not null
table availability_minute: failed bigint not null
table availability_minute: took_us bigint not null
table availability_minute: spread text not null
table availability_minute: probes bigint not null
table availability_minute: ready bigint not null
table carried: learner_id text not null
table carried: chain_seq bigint not null
table carried: lesson_id text not null
table carried: from_media text not null
table carried: from_rev bigint not null
table carried: media_id text not null
table carried: media_rev bigint not null
table carried: maps text not null
table carried: watched_ms bigint not null
table carried: watched_sure_ms bigint not null
table carried: credited_ms bigint not null
table carried: confirmed_ms bigint not null
table carried: at bigint not null
table carried: chain_hash bytea not null
table closed_identity: person_id text not null
table closed_identity: id_number_index text not null
table closed_identity: closed_at bigint not null
table consent: person_id text not null
table consent: document text not null
table consent: version text not null
table consent: agreed_at bigint not null
table content_question: lesson_id text not null
table content_question: no bigint not null
table content_question: at_ms bigint not null
table content_question: text text not null
table content_question: options text not null
table content_question: answer bigint not null
table course: id text not null
table course: provider_id text not null
table course: code text not null
table course: title text not null
table course: summary text not null
table course: subject text not null
table course: year bigint not null
table course: hours_tenths bigint not null
table course: minutes bigint not null
table course: teacher text not null
table course: teacher_bio text not null
table course: price_fen bigint not null
table course: sequential bigint not null
table course: state text not null
table courseware: lesson_id text not null
table courseware: rev bigint not null
table courseware: origin text not null
table courseware: profile text not null
table courseware: original_id text not null
table courseware: report_id text not null
table courseware: unwaived bigint not null
table courseware: packaged bigint not null
table courseware: state text not null
table courseware: code text not null
table courseware: note text not null
table courseware: captions text not null
table courseware: captions_waiver text not null
table courseware: content_matches bigint not null
table courseware: uploaded_by text not null
table courseware: uploaded_at bigint not null
table courseware: reviewed_by text not null
table courseware: reviewed_at bigint not null
table courseware: published_at bigint not null
table courseware: version bigint not null
table courseware: base_rev bigint not null default 0
table courseware: head_ms bigint not null default 0
table courseware: tail_ms bigint not null default 0
table courseware: content text not null default 'same'::text
table courseware_fault: id text not null
table courseware_fault: lesson_id text not null
table courseware_fault: rev bigint not null
table courseware_fault: source text not null
table courseware_fault: kind text not null
table courseware_fault: at_ms bigint not null
table courseware_fault: note text not null
table courseware_fault: person_id text not null
table courseware_fault: state text not null
table courseware_fault: answer text not null
table courseware_fault: answered_by text not null
table courseware_fault: at bigint not null
table courseware_fault: answered_at bigint not null
table courseware_fault: provider_id text not null default ''::text
table courseware_fault: place text not null default ''::text
table courseware_fault: people bigint not null default 0
table courseware_fault: captions text not null default ''::text
table courseware_fault: mended_rev bigint not null default 0
table credential: gateway text not null
table credential: version bigint not null
table credential: state text not null
table credential: fields text not null
table credential: secret_seal bytea not null
table credential: secret_tail text not null
table credential: reason text not null
table credential: set_by text not null
table credential: set_at bigint not null
table credit_record: id text not null
table credit_record: person_id text not null
table credit_record: no bigint not null
table credit_record: year bigint not null
table credit_record: subject text not null
table credit_record: form text not null
table credit_record: source text not null
table credit_record: course_id text not null
table credit_record: content text not null
table credit_record: provider text not null
table credit_record: hours_tenths bigint not null
table credit_record: minutes_studied bigint not null
table credit_record: started_at bigint not null
table credit_record: completed_at bigint not null
table credit_record: result text not null
table credit_record: rule_version bigint not null
table credit_record: evidence text not null
table credit_record: corrects text not null
table credit_record: actor text not null
table credit_record: reason text not null
table credit_record: prev_hash bytea not null
table credit_record: hash bytea not null
table delivery: session_id text not null
table delivery: segment_no bigint not null
table delivery: finished_at bigint not null
table delivery: bytes bigint not null
table delivery_fold: learner_id text not null
table delivery_fold: chain_seq bigint not null
table delivery_fold: session_id text not null
table delivery_fold: segments bigint not null
table delivery_fold: bytes bigint not null
table delivery_fold: list bytea not null
table delivery_fold: list_hash bytea not null
table delivery_fold: chain_hash bytea not null
table device: id text not null
table device: public_key bytea not null
table device: name text not null
table device: kind text not null
table device: created_at bigint not null
table device_play: device_id text not null
table device_play: claimed_at bigint not null
table enrolment: id text not null
table enrolment: person_id text not null
table enrolment: course_id text not null
table enrolment: year bigint not null
table enrolment: source text not null
table enrolment: state text not null
table enrolment: enrolled_at bigint not null
table enrolment: completed_at bigint not null
table enrolment_code: code_hash text not null
table enrolment_code: person_id text not null
table enrolment_code: expires_at bigint not null
table enrolment_code: used_at bigint not null
table identity_proof: id text not null
table identity_proof: person_id text not null
table identity_proof: kind text not null
table identity_proof: size bigint not null
table identity_proof: request_id text not null
table identity_proof: created_at bigint not null
table identity_proof: due_at bigint not null
table identity_request: id text not null
table identity_request: kind text not null
table identity_request: person_id text not null
table identity_request: unit_id text not null
table identity_request: wish_seal bytea not null
table identity_request: state text not null
table identity_request: created_at bigint not null
table identity_request: decided_at bigint not null
table identity_request: decided_by text not null
table identity_request: answer text not null
table inspection_policy: region_id text not null
table inspection_policy: year bigint not null
table inspection_policy: version bigint not null
table inspection_policy: numbers text not null
table inspection_policy: legal_source text not null
table inspection_policy: reason text not null
table inspection_policy: set_by text not null
table inspection_policy: set_at bigint not null
table inspection_report: id text not null
table inspection_report: original_id text not null
table inspection_report: profile text not null
table inspection_report: policy_version bigint not null
table inspection_report: policy text not null
table inspection_report: verdict text not null
table inspection_report: failing bigint not null
table inspection_report: measured text not null
table inspection_report: findings text not null
table inspection_report: took_ms bigint not null
table inspection_report: at bigint not null
table inspection_report: loudness_milli bigint not null default '-70000'::integer
table inspection_report: pitch_milli bigint not null default 0
table installation: one bigint not null
table installation: id text not null
table installation: keys text not null
table installation: made_at bigint not null
table installation: sweep bigint not null default 0
table installation: backup_at bigint
table job: id text not null
table job: kind text not null
table job: key text not null
table job: args text not null
table job: state text not null
table job: try bigint not null
table job: failures bigint not null
table job: due_at bigint not null
table job: lease_until bigint not null
table job: done bigint not null
table job: total bigint not null
table job: error text not null
table job: created_at bigint not null
table job: ended_at bigint not null
table legal_text: document text not null
table legal_text: no bigint not null
table legal_text: version text not null
table legal_text: body_zh text not null
table legal_text: body_en text not null
table legal_text: reason text not null
table legal_text: published_by text not null
table legal_text: published_at bigint not null
table lesson: id text not null
table lesson: course_id text not null
table lesson: chapter text not null
table lesson: number bigint not null
table lesson: title text not null
table lesson: media_id text not null
table lesson: media_rev bigint not null
table lesson: points text not null
table lesson: handout text not null
table lesson: captions text not null default 'captions.vtt'::text
table lesson_note: id text not null
table lesson_note: person_id text not null
table lesson_note: course_id text not null
table lesson_note: lesson_id text not null
table lesson_note: at_ms bigint not null
table lesson_note: text text not null
table lesson_note: sent_key text not null
table lesson_note: created_at bigint not null
table lesson_note: updated_at bigint not null
table lesson_note: media_rev bigint not null default 0
table lesson_progress: learner_id text not null
table lesson_progress: lesson_id text not null
table lesson_progress: course_id text not null
table lesson_progress: credited_ms bigint not null
table lesson_progress: confirmed_ms bigint not null
table lesson_progress: full_credit bigint not null
table lesson_progress: full_confirm bigint not null
table lesson_progress: take bigint not null
table lesson_progress: updated_at bigint not null
table lesson_progress: media_rev bigint not null default 1
table lesson_progress: media_id text not null default ''::text
table lesson_question: id text not null
table lesson_question: person_id text not null
table lesson_question: provider_id text not null
table lesson_question: course_id text not null
table lesson_question: lesson_id text not null
table lesson_question: at_ms bigint not null
table lesson_question: text text not null
table lesson_question: shared bigint not null
table lesson_question: state text not null
table lesson_question: sent_key text not null
table lesson_question: asked_at bigint not null
table lesson_question: answer text not null
table lesson_question: answered_by text not null
table lesson_question: answered_as text not null
table lesson_question: answered_at bigint not null
table lesson_question: hidden_reason text not null
table lesson_question: hidden_by text not null
table lesson_question: hidden_at bigint not null
table lesson_question: media_rev bigint not null default 0
table login_failure: account text not null
table login_failure: failures bigint not null
table login_failure: blocked_until bigint not null
table login_session: id text not null
table login_session: token_hash text not null
table login_session: person_id text not null
table login_session: device_id text not null
table login_session: created_at bigint not null
table login_session: seen_at bigint not null
table login_session: proved_at bigint not null
table login_session: ended_at bigint not null
table manual_credit: learner_id text not null
table manual_credit: chain_seq bigint not null
table manual_credit: lesson_id text not null
table manual_credit: media_id text not null
table manual_credit: media_rev bigint not null
table manual_credit: media_from bigint not null
table manual_credit: media_to bigint not null
table manual_credit: appeal_id text not null
table manual_credit: actor text not null
table manual_credit: at bigint not null
table manual_credit: chain_hash bytea not null
table media: id text not null
table media: rev bigint not null
table media: duration_ms bigint not null
table media: segment_ms bigint not null
table media: segments bigint not null
table media: width bigint not null
table media: height bigint not null
table media: codecs text not null
table media: slides text not null
table media: renditions text not null default '[]'::text
table media: time_map text not null default ''::text
table media: base_rev bigint not null default 0
table merkle_checkpoint: size bigint not null
table merkle_checkpoint: note text not null
table merkle_checkpoint: at bigint not null
table merkle_hash: no bigint not null
table merkle_hash: hash bytea not null
table merkle_leaf: no bigint not null
table merkle_leaf: kind text not null
table merkle_leaf: owner text not null
table merkle_leaf: seq bigint not null
table merkle_leaf: hash bytea not null
table merkle_leaf: at bigint not null
table merkle_salt: no bigint not null
table merkle_salt: salt bytea not null
table message: id text not null
table message: person_id text not null
table message: template text not null
table message: params text not null
table message: dedupe_key text not null
table message: created_at bigint not null
table message: read_at bigint not null
table message_mute: person_id text not null
table message_mute: kind text not null
table message_mute: muted_at bigint not null
table original: id text not null
table original: provider_id text not null
table original: hash text not null
table original: bytes bigint not null
table original: name text not null
table original: made_from text not null
table original: repair text not null
table original: uploaded_by text not null
table original: uploaded_at bigint not null
table original_hold: hash text not null
table original_hold: sweeping bigint not null
table original_hold: until bigint not null
table person: id text not null
table person: name text not null
table person: id_number_seal bytea not null
table person: id_number_index text not null
table person: id_number_mask text not null
table person: phone_seal bytea not null
table person: phone_index text not null
table person: phone_mask text not null
table person: region_id text not null
table person: unit_id text not null
table person: password_hash text not null
table person: state text not null
table person: agreed_version text not null
table person: closing_at bigint not null default 0
table person: large_text bigint not null default 0
table person: created_at bigint not null
table playback_policy: region_id text not null
table playback_policy: year bigint not null
table playback_policy: version bigint not null
table playback_policy: beat_ms bigint not null
table playback_policy: lease_ttl_ms bigint not null
table playback_policy: backlog_ms bigint not null
table playback_policy: window_ms bigint not null
table playback_policy: check_min_ms bigint not null
table playback_policy: check_max_ms bigint not null
table playback_policy: answer_ms bigint not null
table playback_policy: late_ms bigint not null
table playback_policy: gap_ms bigint not null
table playback_policy: total_ms bigint not null
table playback_policy: ahead_ms bigint not null
table playback_policy: continue_ms bigint not null
table playback_policy: overspeed_min_ms bigint not null
table playback_policy: overspeed_pct bigint not null
table playback_policy: legal_source text not null
table playback_policy: reason text not null
table playback_policy: set_by text not null
table playback_policy: set_at bigint not null
table playback_session: id text not null
table playback_session: learner_id text not null
table playback_session: epoch bigint not null
table playback_session: lesson_id text not null
table playback_session: media_id text not null
table playback_session: media_rev bigint not null
table playback_session: device_id text not null
table playback_session: device_name text not null
table playback_session: signature text not null
table playback_session: acquired_at bigint not null
table playback_session: takeover bigint not null
table playback_session: chain_seq bigint not null
table playback_session: chain_hash bytea not null
table presence_check: id text not null
table presence_check: learner_id text not null
table presence_check: window_no bigint not null
table presence_check: epoch bigint not null
table presence_check: lesson_id text not null
table presence_check: state text not null
table presence_check: late bigint not null
table presence_check: issued_at bigint not null
table presence_check: deadline_at bigint not null
table presence_check: nonce text not null
table presence_check: tasks text not null
table presence_check: answer_mac text not null
table presence_check: tries bigint not null
table presence_check: swaps bigint not null
table presence_check: answered_at bigint not null
table provider: id text not null
table provider: name text not null
table provider: short_name text not null
table provider: state text not null
table rate_limit: key text not null
table rate_limit: window_start bigint not null
table rate_limit: count bigint not null
table refusal: id text not null
table refusal: learner_id text not null
table refusal: lesson_id text not null
table refusal: session_id text not null
table refusal: run_no bigint not null
table refusal: media_from bigint not null
table refusal: media_to bigint not null
table refusal: reason text not null
table refusal: at bigint not null
table region: id text not null
table region: parent text not null
table region: name text not null
table region: kind text not null
table region: rank bigint not null
table reminder_run: year bigint not null
table reminder_run: days bigint not null
table reminder_run: cursor_id text not null
table reminder_run: started_at bigint not null
table reminder_run: done_at bigint not null
table role_grant: person_id text not null
table role_grant: role text not null
table role_grant: scope text not null
table role_grant: duties text not null default ''::text
table role_grant: granted_by text not null
table role_grant: granted_at bigint not null
table rule_set: region_id text not null
table rule_set: year bigint not null
table rule_set: version bigint not null
table rule_set: total_tenths bigint not null
table rule_set: professional_num bigint not null
table rule_set: professional_den bigint not null
table rule_set: minutes_per_hour bigint not null
table rule_set: legal_source text not null
table rule_set: reason text not null default ''::text
table rule_set: set_by text not null default ''::text
table rule_set: set_at bigint not null default 0
table schema_floor: id bigint not null
table schema_floor: oldest bigint not null
table setting: key text not null
table setting: version bigint not null
table setting: value text not null
table setting: source text not null
table setting: set_by text not null
table setting: set_at bigint not null
table site: id text not null
table site: host text not null
table site: provider_id text not null
table site: region_id text not null
table site: created_at bigint not null
table site_setting: site_id text not null
table site_setting: key text not null
table site_setting: version bigint not null
table site_setting: value text not null
table site_setting: source text not null
table site_setting: set_by text not null
table site_setting: set_at bigint not null
table sms_code: id text not null
table sms_code: phone text not null
table sms_code: purpose text not null
table sms_code: code_mac text not null
table sms_code: expires_at bigint not null
table sms_code: tries bigint not null
table sms_code: used bigint not null
table sms_outbox: id text not null
table sms_outbox: purpose text not null
table sms_outbox: phone_index text not null
table sms_outbox: phone_mask text not null
table sms_outbox: phone_seal bytea not null
table sms_outbox: code_seal bytea not null
table sms_outbox: state text not null
table sms_outbox: tries bigint not null
table sms_outbox: doubt bigint not null
table sms_outbox: next_at bigint not null
table sms_outbox: expires_at bigint not null
table sms_outbox: result text not null
table sms_outbox: message text not null
table sms_outbox: receipt text not null
table sms_outbox: request_id text not null
table sms_outbox: created_at bigint not null
table sms_outbox: ended_at bigint not null
table span: learner_id text not null
table span: chain_seq bigint not null
table span: session_id text not null
table span: epoch bigint not null
table span: lesson_id text not null
table span: media_id text not null
table span: media_rev bigint not null
table span: take bigint not null
table span: window_no bigint not null
table span: media_from bigint not null
table span: media_to bigint not null
table span: wall_from bigint not null
table span: wall_to bigint not null
table span: booked_at bigint not null
table span: chain_hash bytea not null
table standing: person_id text not null
table standing: year bigint not null
table standing: about text not null
table standing: region_id text not null
table standing: courses bigint not null
table standing: completed bigint not null
table standing: public_tenths bigint not null
table standing: professional_tenths bigint not null
table standing: done_month bigint not null
table standing_mark: no bigint not null
table standing_mark: person_id text not null
table standing_mark: year bigint not null
table study: learner_id text not null
table study: session_id text not null
table study: login_session_id text not null
table study: device_id text not null
table study: device_name text not null
table study: course_id text not null
table study: lesson_id text not null
table study: media_id text not null
table study: media_rev bigint not null
table study: take bigint not null
table study: final bigint not null
table study: acquired_at bigint not null
table study: threshold_ms bigint not null
table study: window_no bigint not null
table study: epoch bigint not null
table study: anchored_seq bigint not null default 0
table study: prev text not null
table study: chain_hash bytea not null
table study: chain_seq bigint not null
table study: check_id text not null
table study: run_no bigint not null
table study: run_from bigint not null
table study: run_pay_from bigint not null
table study: run_floor bigint not null
table study: run_state text not null
table study: run_open bigint not null
table study: open_media_from bigint not null
table study: open_wall_from bigint not null
table study: version bigint not null
table study: expires_at bigint not null
table study: last_contact bigint not null
table study: last_seq bigint not null
table study: wall_cursor bigint not null
table study: since_check_ms bigint not null
table study: run_pos bigint not null
table study: open_media_to bigint not null
table study: open_wall_to bigint not null
table study: skew bigint not null default 0
table tally: year bigint not null
table tally: about text not null
table tally: region_id text not null
table tally: done_month bigint not null
table tally: learners bigint not null
table tally: courses bigint not null
table tally: completed bigint not null
table tally: public_tenths bigint not null
table tally: professional_tenths bigint not null
table tally_run: id bigint not null
table tally_run: at bigint not null
table unit: id text not null
table unit: region_id text not null
table unit: name text not null
table unit_import: id text not null
table unit_import: unit_id text not null
table unit_import: account_id text not null
table unit_import: rows_seal bytea not null
table unit_import: created_at bigint not null
table unit_import: confirmed_at bigint not null
table upload: id text not null
table upload: provider_id text not null
table upload: lesson_id text not null
table upload: profile text not null
table upload: name text not null
table upload: bytes bigint not null
table upload: state text not null
table upload: code text not null
table upload: params text not null
table upload: original_id text not null
table upload: uploaded_by text not null
table upload: created_at bigint not null
table upload: ended_at bigint not null
table upload: content text not null default 'same'::text
table upload_piece: upload_id text not null
table upload_piece: at bigint not null
table upload_piece: bytes bigint not null
table upload_piece: key text not null
table upload_piece: stored_at bigint not null
table waiver: lesson_id text not null
table waiver: rev bigint not null
table waiver: report_id text not null
table waiver: no bigint not null
table waiver: reason text not null
table waiver: waived_by text not null
table waiver: at bigint not null
table window_result: learner_id text not null
table window_result: window_no bigint not null
table window_result: result text not null
table window_result: check_id text not null
table window_result: at bigint not null
table window_result: chain_seq bigint not null
table window_result: chain_hash bytea not null
table year_window: year bigint not null
table year_window: opens_at bigint not null
table year_window: study_end_at bigint not null
table year_window: makeup_end_at bigint not null
constraint appeal: appeal_pkey PRIMARY KEY (id)
constraint appeal: appeal_state_check CHECK ((state = ANY (ARRAY['submitted'::text, 'granted'::text, 'refused'::text])))
constraint audit_entry: audit_entry_pkey PRIMARY KEY (id)
constraint availability_count: availability_count_check CHECK ((judged >= since))
constraint availability_count: availability_count_id_check CHECK ((id = 1))
constraint availability_count: availability_count_pkey PRIMARY KEY (id)
constraint availability_day: availability_day_pkey PRIMARY KEY (day)
constraint availability_incident: availability_incident_check CHECK (((down > 0) AND (down <= (ended - began))))
constraint availability_incident: availability_incident_check1 CHECK (((kind <> 'reported'::text) OR (cause <> ''::text)))
constraint availability_incident: availability_incident_failed_check CHECK ((failed >= 0))
constraint availability_incident: availability_incident_kind_check CHECK ((kind = ANY (ARRAY['silent'::text, 'unready'::text, 'failing'::text, 'reported'::text])))
constraint availability_incident: availability_incident_pkey PRIMARY KEY (id)
constraint availability_minute: availability_minute_check CHECK (((failed >= 0) AND (failed <= requests)))
constraint availability_minute: availability_minute_check1 CHECK (((ready >= 0) AND (ready <= probes)))
constraint availability_minute: availability_minute_pkey PRIMARY KEY (minute, process)
constraint availability_minute: availability_minute_probes_check CHECK ((probes >= 0))
constraint availability_minute: availability_minute_requests_check CHECK ((requests >= 0))
constraint availability_minute: availability_minute_took_us_check CHECK ((took_us >= 0))
constraint carried: carried_check CHECK (((credited_ms >= 0) AND (credited_ms <= watched_ms)))
constraint carried: carried_check1 CHECK (((confirmed_ms >= 0) AND (confirmed_ms <= watched_sure_ms)))
constraint carried: carried_check2 CHECK (((from_media <> media_id) OR (from_rev <> media_rev)))
constraint carried: carried_pkey PRIMARY KEY (learner_id, chain_seq)
constraint closed_identity: closed_identity_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id)
constraint closed_identity: closed_identity_pkey PRIMARY KEY (person_id)
constraint consent: consent_document_check CHECK ((document = ANY (ARRAY['agreement'::text, 'privacy'::text])))
constraint consent: consent_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id)
constraint consent: consent_pkey PRIMARY KEY (person_id, document, version)
constraint content_question: content_question_lesson_id_fkey FOREIGN KEY (lesson_id) REFERENCES lesson(id)
constraint content_question: content_question_pkey PRIMARY KEY (lesson_id, no)
constraint course: course_code_key UNIQUE (code)
constraint course: course_hours_tenths_check CHECK ((hours_tenths > 0))
constraint course: course_pkey PRIMARY KEY (id)
constraint course: course_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(id)
constraint course: course_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'inspecting'::text, 'reviewed'::text, 'published'::text, 'withdrawn'::text])))
constraint course: course_subject_check CHECK ((subject = ANY (ARRAY['public'::text, 'professional'::text])))
constraint courseware: courseware_check CHECK (((origin = 'import'::text) OR (state <> ALL (ARRAY['reviewed'::text, 'published'::text])) OR ((report_id <> ''::text) AND (unwaived = 0) AND (packaged = 1) AND (content_matches = 1) AND (reviewed_by <> ''::text) AND (reviewed_by <> uploaded_by) AND ((captions <> ''::text) OR (captions_waiver <> ''::text)))))
constraint courseware: courseware_content_check CHECK ((content = ANY (ARRAY['same'::text, 'new'::text])))
constraint courseware: courseware_content_matches_check CHECK ((content_matches = ANY (ARRAY[(0)::bigint, (1)::bigint])))
constraint courseware: courseware_lesson_id_fkey FOREIGN KEY (lesson_id) REFERENCES lesson(id)
constraint courseware: courseware_origin_check CHECK ((origin = ANY (ARRAY['upload'::text, 'repair'::text, 'import'::text])))
constraint courseware: courseware_packaged_check CHECK ((packaged = ANY (ARRAY[(0)::bigint, (1)::bigint])))
constraint courseware: courseware_pkey PRIMARY KEY (lesson_id, rev)
constraint courseware: courseware_profile_check CHECK ((profile = ANY (ARRAY['video'::text, 'slides'::text])))
constraint courseware: courseware_rev_check CHECK ((rev >= 1))
constraint courseware: courseware_state_check CHECK ((state = ANY (ARRAY['inspecting'::text, 'refused'::text, 'inspected'::text, 'reviewed'::text, 'published'::text, 'withdrawn'::text])))
constraint courseware: courseware_unwaived_check CHECK ((unwaived >= 0))
constraint courseware_fault: courseware_fault_at_ms_check CHECK ((at_ms >= 0))
constraint courseware_fault: courseware_fault_kind_check CHECK ((kind = ANY (ARRAY['no_sound'::text, 'noise'::text, 'black'::text, 'frozen'::text, 'out_of_sync'::text, 'blurred'::text, 'wrong_content'::text, 'captions'::text, 'other'::text])))
constraint courseware_fault: courseware_fault_lesson_id_fkey FOREIGN KEY (lesson_id) REFERENCES lesson(id)
constraint courseware_fault: courseware_fault_pkey PRIMARY KEY (id)
constraint courseware_fault: courseware_fault_source_check CHECK ((source = ANY (ARRAY['learner'::text, 'bureau'::text])))
constraint courseware_fault: courseware_fault_state_check CHECK ((state = ANY (ARRAY['open'::text, 'mended'::text, 'refused'::text])))
constraint credential: credential_pkey PRIMARY KEY (gateway, version)
constraint credential: credential_state_check CHECK ((state = ANY (ARRAY['active'::text, 'withdrawn'::text])))
constraint credit_record: credit_record_hours_tenths_check CHECK ((hours_tenths <> 0))
constraint credit_record: credit_record_person_id_no_key UNIQUE (person_id, no)
constraint credit_record: credit_record_pkey PRIMARY KEY (id)
constraint credit_record: credit_record_source_check CHECK ((source = ANY (ARRAY['platform'::text, 'seed'::text, 'correction'::text])))
constraint credit_record: credit_record_subject_check CHECK ((subject = ANY (ARRAY['public'::text, 'professional'::text])))
constraint delivery: delivery_pkey PRIMARY KEY (session_id, segment_no)
constraint delivery_fold: delivery_fold_list_hash_check CHECK ((length(list_hash) = 32))
constraint delivery_fold: delivery_fold_pkey PRIMARY KEY (learner_id, session_id, chain_seq)
constraint delivery_fold: delivery_fold_segments_check CHECK ((segments > 0))
constraint device: device_kind_check CHECK ((kind = ANY (ARRAY['pc'::text, 'phone'::text, 'tablet'::text])))
constraint device: device_pkey PRIMARY KEY (id)
constraint device: device_public_key_key UNIQUE (public_key)
constraint device_play: device_play_pkey PRIMARY KEY (device_id)
constraint enrolment: enrolment_course_id_fkey FOREIGN KEY (course_id) REFERENCES course(id)
constraint enrolment: enrolment_person_id_course_id_year_key UNIQUE (person_id, course_id, year)
constraint enrolment: enrolment_pkey PRIMARY KEY (id)
constraint enrolment: enrolment_source_check CHECK ((source = ANY (ARRAY['self'::text, 'unit'::text, 'seed'::text])))
constraint enrolment: enrolment_state_check CHECK ((state = ANY (ARRAY['active'::text, 'completed'::text, 'void'::text])))
constraint enrolment_code: enrolment_code_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id)
constraint enrolment_code: enrolment_code_pkey PRIMARY KEY (code_hash)
constraint identity_proof: identity_proof_kind_check CHECK ((kind = ANY (ARRAY['jpeg'::text, 'png'::text, 'pdf'::text])))
constraint identity_proof: identity_proof_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id)
constraint identity_proof: identity_proof_pkey PRIMARY KEY (id)
constraint identity_request: identity_request_kind_check CHECK ((kind = ANY (ARRAY['correction'::text, 'transfer'::text])))
constraint identity_request: identity_request_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id)
constraint identity_request: identity_request_pkey PRIMARY KEY (id)
constraint identity_request: identity_request_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'approved'::text, 'refused'::text, 'withdrawn'::text])))
constraint inspection_policy: inspection_policy_pkey PRIMARY KEY (region_id, year, version)
constraint inspection_policy: inspection_policy_region_id_fkey FOREIGN KEY (region_id) REFERENCES region(id)
constraint inspection_policy: inspection_policy_version_check CHECK ((version >= 1))
constraint inspection_policy: inspection_policy_year_check CHECK (((year >= 2015) AND (year <= 2100)))
constraint inspection_report: inspection_report_check CHECK (((verdict = 'pass'::text) = (failing = 0)))
constraint inspection_report: inspection_report_failing_check CHECK ((failing >= 0))
constraint inspection_report: inspection_report_original_id_fkey FOREIGN KEY (original_id) REFERENCES original(id)
constraint inspection_report: inspection_report_pkey PRIMARY KEY (id)
constraint inspection_report: inspection_report_profile_check CHECK ((profile = ANY (ARRAY['video'::text, 'slides'::text])))
constraint inspection_report: inspection_report_verdict_check CHECK ((verdict = ANY (ARRAY['pass'::text, 'fail'::text])))
constraint installation: installation_one_check CHECK ((one = 1))
constraint installation: installation_pkey PRIMARY KEY (one)
constraint installation: installation_sweep_check CHECK ((sweep >= '-1'::integer))
constraint job: job_pkey PRIMARY KEY (id)
constraint job: job_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'done'::text, 'failed'::text])))
constraint legal_text: legal_text_document_check CHECK ((document = ANY (ARRAY['agreement'::text, 'privacy'::text])))
constraint legal_text: legal_text_document_version_key UNIQUE (document, version)
constraint legal_text: legal_text_no_check CHECK ((no >= 1))
constraint legal_text: legal_text_pkey PRIMARY KEY (document, no)
constraint lesson: lesson_course_id_fkey FOREIGN KEY (course_id) REFERENCES course(id)
constraint lesson: lesson_course_id_number_key UNIQUE (course_id, number)
constraint lesson: lesson_pkey PRIMARY KEY (id)
constraint lesson_note: lesson_note_at_ms_check CHECK ((at_ms >= 0))
constraint lesson_note: lesson_note_lesson_id_fkey FOREIGN KEY (lesson_id) REFERENCES lesson(id)
constraint lesson_note: lesson_note_person_id_sent_key_key UNIQUE (person_id, sent_key)
constraint lesson_note: lesson_note_pkey PRIMARY KEY (id)
constraint lesson_progress: lesson_progress_pkey PRIMARY KEY (learner_id, lesson_id)
constraint lesson_question: lesson_question_answered_as_check CHECK ((answered_as = ANY (ARRAY[''::text, 'teacher'::text, 'provider_staff'::text])))
constraint lesson_question: lesson_question_at_ms_check CHECK ((at_ms >= 0))
constraint lesson_question: lesson_question_lesson_id_fkey FOREIGN KEY (lesson_id) REFERENCES lesson(id)
constraint lesson_question: lesson_question_person_id_sent_key_key UNIQUE (person_id, sent_key)
constraint lesson_question: lesson_question_pkey PRIMARY KEY (id)
constraint lesson_question: lesson_question_state_check CHECK ((state = ANY (ARRAY['open'::text, 'answered'::text, 'hidden'::text])))
constraint login_failure: login_failure_pkey PRIMARY KEY (account)
constraint login_session: login_session_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id)
constraint login_session: login_session_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id)
constraint login_session: login_session_pkey PRIMARY KEY (id)
constraint login_session: login_session_token_hash_key UNIQUE (token_hash)
constraint manual_credit: manual_credit_check CHECK ((media_to > media_from))
constraint manual_credit: manual_credit_pkey PRIMARY KEY (learner_id, chain_seq)
constraint media: media_duration_ms_check CHECK ((duration_ms > 0))
constraint media: media_pkey PRIMARY KEY (id, rev)
constraint media: media_segment_ms_check CHECK ((segment_ms > 0))
constraint merkle_checkpoint: merkle_checkpoint_pkey PRIMARY KEY (size)
constraint merkle_hash: merkle_hash_pkey PRIMARY KEY (no)
constraint merkle_leaf: merkle_leaf_kind_check CHECK ((kind = ANY (ARRAY['study'::text, 'credit'::text])))
constraint merkle_leaf: merkle_leaf_kind_owner_seq_key UNIQUE (kind, owner, seq)
constraint merkle_leaf: merkle_leaf_pkey PRIMARY KEY (no)
constraint merkle_salt: merkle_salt_pkey PRIMARY KEY (no)
constraint message: message_person_id_dedupe_key_key UNIQUE (person_id, dedupe_key)
constraint message: message_pkey PRIMARY KEY (id)
constraint message_mute: message_mute_kind_check CHECK ((kind = 'reminder'::text))
constraint message_mute: message_mute_pkey PRIMARY KEY (person_id, kind)
constraint original: original_bytes_check CHECK ((bytes > 0))
constraint original: original_pkey PRIMARY KEY (id)
constraint original: original_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(id)
constraint original: original_provider_id_hash_key UNIQUE (provider_id, hash)
constraint original_hold: original_hold_pkey PRIMARY KEY (hash)
constraint original_hold: original_hold_sweeping_check CHECK ((sweeping = ANY (ARRAY[(0)::bigint, (1)::bigint])))
constraint person: person_id_number_index_key UNIQUE (id_number_index)
constraint person: person_phone_index_key UNIQUE (phone_index)
constraint person: person_pkey PRIMARY KEY (id)
constraint person: person_state_check CHECK ((state = ANY (ARRAY['active'::text, 'locked'::text, 'closing'::text, 'closed'::text])))
constraint playback_policy: playback_policy_ahead_ms_check CHECK (((ahead_ms >= 500) AND (ahead_ms <= 3000)))
constraint playback_policy: playback_policy_answer_ms_check CHECK (((answer_ms >= 30000) AND (answer_ms <= 300000)))
constraint playback_policy: playback_policy_backlog_ms_check CHECK (((backlog_ms >= 30000) AND (backlog_ms <= 120000)))
constraint playback_policy: playback_policy_beat_ms_check CHECK (((beat_ms >= 5000) AND (beat_ms <= 30000)))
constraint playback_policy: playback_policy_check CHECK ((check_min_ms <= check_max_ms))
constraint playback_policy: playback_policy_check1 CHECK ((gap_ms <= total_ms))
constraint playback_policy: playback_policy_check2 CHECK (((2 * beat_ms) <= lease_ttl_ms))
constraint playback_policy: playback_policy_check_max_ms_check CHECK (((check_max_ms >= 60000) AND (check_max_ms <= 900000)))
constraint playback_policy: playback_policy_check_min_ms_check CHECK (((check_min_ms >= 60000) AND (check_min_ms <= 900000)))
constraint playback_policy: playback_policy_continue_ms_check CHECK (((continue_ms >= 100) AND (continue_ms <= 1000)))
constraint playback_policy: playback_policy_gap_ms_check CHECK (((gap_ms >= 500) AND (gap_ms <= 2000)))
constraint playback_policy: playback_policy_late_ms_check CHECK (((late_ms >= 0) AND (late_ms <= 300000)))
constraint playback_policy: playback_policy_lease_ttl_ms_check CHECK (((lease_ttl_ms >= 30000) AND (lease_ttl_ms <= 180000)))
constraint playback_policy: playback_policy_overspeed_min_ms_check CHECK (((overspeed_min_ms >= 10000) AND (overspeed_min_ms <= 60000)))
constraint playback_policy: playback_policy_overspeed_pct_check CHECK (((overspeed_pct >= 102) AND (overspeed_pct <= 125)))
constraint playback_policy: playback_policy_pkey PRIMARY KEY (region_id, year, version)
constraint playback_policy: playback_policy_region_id_fkey FOREIGN KEY (region_id) REFERENCES region(id)
constraint playback_policy: playback_policy_total_ms_check CHECK (((total_ms >= 500) AND (total_ms <= 5000)))
constraint playback_policy: playback_policy_version_check CHECK ((version >= 1))
constraint playback_policy: playback_policy_window_ms_check CHECK (((window_ms >= 60000) AND (window_ms <= 180000)))
constraint playback_policy: playback_policy_year_check CHECK (((year >= 2015) AND (year <= 2100)))
constraint playback_session: playback_session_learner_id_epoch_key UNIQUE (learner_id, epoch)
constraint playback_session: playback_session_pkey PRIMARY KEY (id)
constraint presence_check: presence_check_pkey PRIMARY KEY (id)
constraint presence_check: presence_check_state_check CHECK ((state = ANY (ARRAY['due'::text, 'passed'::text, 'late_passed'::text, 'reopened'::text])))
constraint provider: provider_pkey PRIMARY KEY (id)
constraint provider: provider_state_check CHECK ((state = ANY (ARRAY['active'::text, 'ended'::text])))
constraint rate_limit: rate_limit_pkey PRIMARY KEY (key)
constraint refusal: refusal_pkey PRIMARY KEY (id)
constraint region: region_kind_check CHECK ((kind = ANY (ARRAY['city'::text, 'county'::text, 'zone'::text, 'direct'::text])))
constraint region: region_pkey PRIMARY KEY (id)
constraint reminder_run: reminder_run_pkey PRIMARY KEY (year, days)
constraint role_grant: role_grant_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id)
constraint role_grant: role_grant_pkey PRIMARY KEY (person_id, role, scope)
constraint rule_set: rule_set_minutes_per_hour_check CHECK ((minutes_per_hour = ANY (ARRAY[(40)::bigint, (45)::bigint, (50)::bigint, (60)::bigint])))
constraint rule_set: rule_set_pkey PRIMARY KEY (region_id, year, version)
constraint rule_set: rule_set_professional_den_check CHECK ((professional_den > 0))
constraint schema_floor: schema_floor_id_check CHECK ((id = 1))
constraint schema_floor: schema_floor_oldest_check CHECK ((oldest >= 0))
constraint schema_floor: schema_floor_pkey PRIMARY KEY (id)
constraint setting: setting_pkey PRIMARY KEY (key, version)
constraint site: site_check CHECK (((provider_id = ''::text) <> (region_id = ''::text)))
constraint site: site_host_key UNIQUE (host)
constraint site: site_pkey PRIMARY KEY (id)
constraint site_setting: site_setting_pkey PRIMARY KEY (site_id, key, version)
constraint site_setting: site_setting_site_id_fkey FOREIGN KEY (site_id) REFERENCES site(id)
constraint sms_code: sms_code_pkey PRIMARY KEY (id)
constraint sms_outbox: sms_outbox_check CHECK (((state = ANY (ARRAY['waiting'::text, 'sending'::text])) OR ((length(phone_seal) + length(code_seal)) = 0)))
constraint sms_outbox: sms_outbox_doubt_check CHECK ((doubt = ANY (ARRAY[(0)::bigint, (1)::bigint])))
constraint sms_outbox: sms_outbox_pkey PRIMARY KEY (id)
constraint sms_outbox: sms_outbox_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'sending'::text, 'sent'::text, 'failed'::text, 'expired'::text, 'replaced'::text])))
constraint span: span_check CHECK ((media_to > media_from))
constraint span: span_check1 CHECK (((media_to - media_from) <= 900000))
constraint span: span_check2 CHECK (((wall_to - wall_from) = (1000 * (media_to - media_from))))
constraint span: span_check3 CHECK ((wall_to <= booked_at))
constraint span: span_media_disjoint EXCLUDE USING gist (learner_id WITH =, media_id WITH =, media_rev WITH =, take WITH =, int8range(media_from, media_to) WITH &&)
constraint span: span_media_from_check CHECK ((media_from >= 0))
constraint span: span_pkey PRIMARY KEY (learner_id, chain_seq)
constraint span: span_wall_disjoint EXCLUDE USING gist (learner_id WITH =, int8range(wall_from, wall_to) WITH &&)
constraint standing: standing_pkey PRIMARY KEY (person_id, year, about)
constraint standing_mark: standing_mark_pkey PRIMARY KEY (no)
constraint study: study_check CHECK (((open_wall_to - open_wall_from) = (1000 * (open_media_to - open_media_from))))
constraint study: study_pkey PRIMARY KEY (learner_id)
constraint study: study_since_check_ms_check CHECK (((since_check_ms >= 0) AND (since_check_ms <= 900000)))
constraint study: study_threshold_ms_check CHECK (((threshold_ms >= 1) AND (threshold_ms <= 900000)))
constraint tally: tally_pkey PRIMARY KEY (year, about, region_id, done_month)
constraint tally_run: tally_run_id_check CHECK ((id = 1))
constraint tally_run: tally_run_pkey PRIMARY KEY (id)
constraint unit: unit_pkey PRIMARY KEY (id)
constraint unit: unit_region_id_fkey FOREIGN KEY (region_id) REFERENCES region(id)
constraint unit: unit_region_id_name_key UNIQUE (region_id, name)
constraint unit_import: unit_import_pkey PRIMARY KEY (id)
constraint upload: upload_bytes_check CHECK ((bytes > 0))
constraint upload: upload_check CHECK (((state <> 'refused'::text) OR (code <> ''::text)))
constraint upload: upload_check1 CHECK (((state <> 'accepted'::text) OR (original_id <> ''::text)))
constraint upload: upload_content_check CHECK ((content = ANY (ARRAY['same'::text, 'new'::text])))
constraint upload: upload_pkey PRIMARY KEY (id)
constraint upload: upload_profile_check CHECK ((profile = ANY (ARRAY['video'::text, 'slides'::text])))
constraint upload: upload_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(id)
constraint upload: upload_state_check CHECK ((state = ANY (ARRAY['receiving'::text, 'received'::text, 'accepted'::text, 'refused'::text, 'abandoned'::text])))
constraint upload_piece: upload_piece_at_check CHECK ((at >= 0))
constraint upload_piece: upload_piece_bytes_check CHECK ((bytes > 0))
constraint upload_piece: upload_piece_key_key UNIQUE (key)
constraint upload_piece: upload_piece_pkey PRIMARY KEY (upload_id, at)
constraint upload_piece: upload_piece_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES upload(id)
constraint waiver: waiver_pkey PRIMARY KEY (lesson_id, rev, report_id, no)
constraint waiver: waiver_reason_check CHECK ((reason <> ''::text))
constraint waiver: waiver_report_id_fkey FOREIGN KEY (report_id) REFERENCES inspection_report(id)
constraint window_result: window_result_pkey PRIMARY KEY (learner_id, window_no)
constraint window_result: window_result_result_check CHECK ((result = ANY (ARRAY['confirmed'::text, 'reopened'::text])))
constraint year_window: year_window_pkey PRIMARY KEY (year)
CREATE INDEX appeal_person ON public.appeal USING btree (person_id, submitted_at)
CREATE INDEX appeal_state ON public.appeal USING btree (state, submitted_at)
CREATE INDEX audit_entry_account ON public.audit_entry USING btree (account_id, at)
CREATE INDEX audit_entry_action ON public.audit_entry USING btree (action, at)
CREATE INDEX audit_entry_at ON public.audit_entry USING btree (at)
CREATE INDEX audit_entry_object ON public.audit_entry USING btree (object, at)
CREATE INDEX availability_incident_began ON public.availability_incident USING btree (began)
CREATE INDEX carried_lesson ON public.carried USING btree (learner_id, lesson_id, chain_seq)
CREATE INDEX closed_identity_index ON public.closed_identity USING btree (id_number_index, closed_at)
CREATE INDEX course_list ON public.course USING btree (state, year, subject, id)
CREATE INDEX courseware_fault_open ON public.courseware_fault USING btree (lesson_id, state, at_ms)
CREATE INDEX courseware_fault_person ON public.courseware_fault USING btree (person_id, lesson_id)
CREATE INDEX courseware_fault_place ON public.courseware_fault USING btree (place)
CREATE INDEX courseware_fault_queue ON public.courseware_fault USING btree (provider_id, state, id) WHERE (place = id)
CREATE INDEX courseware_original ON public.courseware USING btree (original_id)
CREATE INDEX courseware_state ON public.courseware USING btree (state, lesson_id, rev)
CREATE INDEX credit_record_year ON public.credit_record USING btree (person_id, year, no)
CREATE INDEX delivery_fold_kept ON public.delivery_fold USING btree (session_id) WHERE (length(list) > 0)
CREATE INDEX enrolment_course ON public.enrolment USING btree (course_id, year, id)
CREATE INDEX enrolment_person ON public.enrolment USING btree (person_id, year, state, id)
CREATE INDEX identity_proof_due ON public.identity_proof USING btree (due_at, id)
CREATE INDEX identity_proof_person ON public.identity_proof USING btree (person_id)
CREATE INDEX identity_proof_request ON public.identity_proof USING btree (request_id)
CREATE INDEX identity_request_state ON public.identity_request USING btree (state, id)
CREATE INDEX identity_request_unit ON public.identity_request USING btree (unit_id, state, id)
CREATE INDEX inspection_report_original ON public.inspection_report USING btree (original_id, id)
CREATE INDEX job_due ON public.job USING btree (due_at, id) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]))
CREATE INDEX job_of ON public.job USING btree (kind, key, id)
CREATE INDEX lesson_note_course ON public.lesson_note USING btree (person_id, course_id, id)
CREATE INDEX lesson_note_lesson ON public.lesson_note USING btree (person_id, lesson_id, id)
CREATE INDEX lesson_progress_course ON public.lesson_progress USING btree (learner_id, course_id)
CREATE INDEX lesson_question_desk ON public.lesson_question USING btree (provider_id, state, id)
CREATE INDEX lesson_question_lesson ON public.lesson_question USING btree (lesson_id, id)
CREATE INDEX lesson_question_own ON public.lesson_question USING btree (person_id, lesson_id, id)
CREATE INDEX login_session_person ON public.login_session USING btree (person_id, ended_at)
CREATE INDEX manual_credit_lesson ON public.manual_credit USING btree (learner_id, lesson_id)
CREATE INDEX merkle_leaf_credit ON public.merkle_leaf USING btree (no) WHERE (kind = 'credit'::text)
CREATE INDEX message_person ON public.message USING btree (person_id, id)
CREATE INDEX message_unread ON public.message USING btree (person_id) WHERE (read_at = 0)
CREATE INDEX original_hash ON public.original USING btree (hash)
CREATE INDEX person_region ON public.person USING btree (region_id, id)
CREATE INDEX person_unit ON public.person USING btree (unit_id, id)
CREATE INDEX playback_session_recent ON public.playback_session USING btree (learner_id, acquired_at)
CREATE INDEX presence_check_learner ON public.presence_check USING btree (learner_id, window_no)
CREATE INDEX refusal_lesson ON public.refusal USING btree (learner_id, lesson_id, at)
CREATE INDEX role_grant_scope ON public.role_grant USING btree (scope, role) WHERE (scope <> ''::text)
CREATE INDEX sms_code_phone ON public.sms_code USING btree (phone, purpose, expires_at)
CREATE INDEX sms_outbox_day ON public.sms_outbox USING btree (created_at)
CREATE INDEX sms_outbox_due ON public.sms_outbox USING btree (next_at) WHERE (state = ANY (ARRAY['waiting'::text, 'sending'::text]))
CREATE INDEX sms_outbox_phone ON public.sms_outbox USING btree (phone_index, purpose, created_at)
CREATE INDEX sms_outbox_trouble ON public.sms_outbox USING btree (id) WHERE ((result <> ''::text) AND (result <> 'OK'::text))
CREATE INDEX span_lesson ON public.span USING btree (learner_id, lesson_id, media_from)
CREATE INDEX span_media_disjoint ON public.span USING gist (learner_id, media_id, media_rev, take, int8range(media_from, media_to))
CREATE INDEX span_wall ON public.span USING btree (learner_id, wall_from)
CREATE INDEX span_wall_disjoint ON public.span USING gist (learner_id, int8range(wall_from, wall_to))
CREATE INDEX span_window ON public.span USING btree (learner_id, window_no)
CREATE INDEX standing_year ON public.standing USING btree (year, about, person_id)
CREATE INDEX study_device ON public.study USING btree (device_id)
CREATE INDEX study_unanchored ON public.study USING btree (learner_id) WHERE (chain_seq > anchored_seq)
CREATE INDEX upload_alive ON public.upload USING btree (created_at) WHERE (state = 'receiving'::text)
CREATE INDEX upload_provider ON public.upload USING btree (provider_id, id)
CREATE UNIQUE INDEX appeal_pkey ON public.appeal USING btree (id)
CREATE UNIQUE INDEX audit_entry_pkey ON public.audit_entry USING btree (id)
CREATE UNIQUE INDEX availability_count_pkey ON public.availability_count USING btree (id)
CREATE UNIQUE INDEX availability_day_pkey ON public.availability_day USING btree (day)
CREATE UNIQUE INDEX availability_incident_pkey ON public.availability_incident USING btree (id)
CREATE UNIQUE INDEX availability_minute_pkey ON public.availability_minute USING btree (minute, process)
CREATE UNIQUE INDEX carried_pkey ON public.carried USING btree (learner_id, chain_seq)
CREATE UNIQUE INDEX closed_identity_pkey ON public.closed_identity USING btree (person_id)
CREATE UNIQUE INDEX consent_pkey ON public.consent USING btree (person_id, document, version)
CREATE UNIQUE INDEX content_question_pkey ON public.content_question USING btree (lesson_id, no)
CREATE UNIQUE INDEX course_code_key ON public.course USING btree (code)
CREATE UNIQUE INDEX course_pkey ON public.course USING btree (id)
CREATE UNIQUE INDEX courseware_fault_head ON public.courseware_fault USING btree (lesson_id, rev, kind, at_ms) WHERE ((state = 'open'::text) AND (source = 'learner'::text) AND (place = id))
CREATE UNIQUE INDEX courseware_fault_once ON public.courseware_fault USING btree (person_id, source, lesson_id, rev, kind, at_ms) WHERE (state = 'open'::text)
CREATE UNIQUE INDEX courseware_fault_pkey ON public.courseware_fault USING btree (id)
CREATE UNIQUE INDEX courseware_pkey ON public.courseware USING btree (lesson_id, rev)
CREATE UNIQUE INDEX credential_pkey ON public.credential USING btree (gateway, version)
CREATE UNIQUE INDEX credit_record_once ON public.credit_record USING btree (person_id, course_id, year) WHERE (source = 'platform'::text)
CREATE UNIQUE INDEX credit_record_person_id_no_key ON public.credit_record USING btree (person_id, no)
CREATE UNIQUE INDEX credit_record_pkey ON public.credit_record USING btree (id)
CREATE UNIQUE INDEX delivery_fold_pkey ON public.delivery_fold USING btree (learner_id, session_id, chain_seq)
CREATE UNIQUE INDEX delivery_pkey ON public.delivery USING btree (session_id, segment_no)
CREATE UNIQUE INDEX device_pkey ON public.device USING btree (id)
CREATE UNIQUE INDEX device_play_pkey ON public.device_play USING btree (device_id)
CREATE UNIQUE INDEX device_public_key_key ON public.device USING btree (public_key)
CREATE UNIQUE INDEX enrolment_code_pkey ON public.enrolment_code USING btree (code_hash)
CREATE UNIQUE INDEX enrolment_person_id_course_id_year_key ON public.enrolment USING btree (person_id, course_id, year)
CREATE UNIQUE INDEX enrolment_pkey ON public.enrolment USING btree (id)
CREATE UNIQUE INDEX identity_proof_pkey ON public.identity_proof USING btree (id)
CREATE UNIQUE INDEX identity_request_one_pending ON public.identity_request USING btree (person_id, kind) WHERE (state = 'pending'::text)
CREATE UNIQUE INDEX identity_request_pkey ON public.identity_request USING btree (id)
CREATE UNIQUE INDEX inspection_policy_pkey ON public.inspection_policy USING btree (region_id, year, version)
CREATE UNIQUE INDEX inspection_report_pkey ON public.inspection_report USING btree (id)
CREATE UNIQUE INDEX installation_pkey ON public.installation USING btree (one)
CREATE UNIQUE INDEX job_alive ON public.job USING btree (kind, key) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]))
CREATE UNIQUE INDEX job_pkey ON public.job USING btree (id)
CREATE UNIQUE INDEX legal_text_document_version_key ON public.legal_text USING btree (document, version)
CREATE UNIQUE INDEX legal_text_pkey ON public.legal_text USING btree (document, no)
CREATE UNIQUE INDEX lesson_course_id_number_key ON public.lesson USING btree (course_id, number)
CREATE UNIQUE INDEX lesson_note_person_id_sent_key_key ON public.lesson_note USING btree (person_id, sent_key)
CREATE UNIQUE INDEX lesson_note_pkey ON public.lesson_note USING btree (id)
CREATE UNIQUE INDEX lesson_pkey ON public.lesson USING btree (id)
CREATE UNIQUE INDEX lesson_progress_pkey ON public.lesson_progress USING btree (learner_id, lesson_id)
CREATE UNIQUE INDEX lesson_question_person_id_sent_key_key ON public.lesson_question USING btree (person_id, sent_key)
CREATE UNIQUE INDEX lesson_question_pkey ON public.lesson_question USING btree (id)
CREATE UNIQUE INDEX login_failure_pkey ON public.login_failure USING btree (account)
CREATE UNIQUE INDEX login_session_pkey ON public.login_session USING btree (id)
CREATE UNIQUE INDEX login_session_token_hash_key ON public.login_session USING btree (token_hash)
CREATE UNIQUE INDEX manual_credit_pkey ON public.manual_credit USING btree (learner_id, chain_seq)
CREATE UNIQUE INDEX media_pkey ON public.media USING btree (id, rev)
CREATE UNIQUE INDEX merkle_checkpoint_pkey ON public.merkle_checkpoint USING btree (size)
CREATE UNIQUE INDEX merkle_hash_pkey ON public.merkle_hash USING btree (no)
CREATE UNIQUE INDEX merkle_leaf_kind_owner_seq_key ON public.merkle_leaf USING btree (kind, owner, seq)
CREATE UNIQUE INDEX merkle_leaf_pkey ON public.merkle_leaf USING btree (no)
CREATE UNIQUE INDEX merkle_salt_pkey ON public.merkle_salt USING btree (no)
CREATE UNIQUE INDEX message_mute_pkey ON public.message_mute USING btree (person_id, kind)
CREATE UNIQUE INDEX message_person_id_dedupe_key_key ON public.message USING btree (person_id, dedupe_key)
CREATE UNIQUE INDEX message_pkey ON public.message USING btree (id)
CREATE UNIQUE INDEX original_hold_pkey ON public.original_hold USING btree (hash)
CREATE UNIQUE INDEX original_pkey ON public.original USING btree (id)
CREATE UNIQUE INDEX original_provider_id_hash_key ON public.original USING btree (provider_id, hash)
CREATE UNIQUE INDEX person_id_number_index_key ON public.person USING btree (id_number_index)
CREATE UNIQUE INDEX person_phone_index_key ON public.person USING btree (phone_index)
CREATE UNIQUE INDEX person_pkey ON public.person USING btree (id)
CREATE UNIQUE INDEX playback_policy_pkey ON public.playback_policy USING btree (region_id, year, version)
CREATE UNIQUE INDEX playback_session_learner_id_epoch_key ON public.playback_session USING btree (learner_id, epoch)
CREATE UNIQUE INDEX playback_session_pkey ON public.playback_session USING btree (id)
CREATE UNIQUE INDEX presence_check_pkey ON public.presence_check USING btree (id)
CREATE UNIQUE INDEX provider_pkey ON public.provider USING btree (id)
CREATE UNIQUE INDEX rate_limit_pkey ON public.rate_limit USING btree (key)
CREATE UNIQUE INDEX refusal_pkey ON public.refusal USING btree (id)
CREATE UNIQUE INDEX region_pkey ON public.region USING btree (id)
CREATE UNIQUE INDEX reminder_run_pkey ON public.reminder_run USING btree (year, days)
CREATE UNIQUE INDEX role_grant_pkey ON public.role_grant USING btree (person_id, role, scope)
CREATE UNIQUE INDEX rule_set_pkey ON public.rule_set USING btree (region_id, year, version)
CREATE UNIQUE INDEX schema_floor_pkey ON public.schema_floor USING btree (id)
CREATE UNIQUE INDEX setting_pkey ON public.setting USING btree (key, version)
CREATE UNIQUE INDEX site_host_key ON public.site USING btree (host)
CREATE UNIQUE INDEX site_pkey ON public.site USING btree (id)
CREATE UNIQUE INDEX site_setting_pkey ON public.site_setting USING btree (site_id, key, version)
CREATE UNIQUE INDEX sms_code_pkey ON public.sms_code USING btree (id)
CREATE UNIQUE INDEX sms_outbox_pkey ON public.sms_outbox USING btree (id)
CREATE UNIQUE INDEX span_pkey ON public.span USING btree (learner_id, chain_seq)
CREATE UNIQUE INDEX standing_mark_pkey ON public.standing_mark USING btree (no)
CREATE UNIQUE INDEX standing_pkey ON public.standing USING btree (person_id, year, about)
CREATE UNIQUE INDEX study_pkey ON public.study USING btree (learner_id)
CREATE UNIQUE INDEX tally_pkey ON public.tally USING btree (year, about, region_id, done_month)
CREATE UNIQUE INDEX tally_run_pkey ON public.tally_run USING btree (id)
CREATE UNIQUE INDEX unit_import_pkey ON public.unit_import USING btree (id)
CREATE UNIQUE INDEX unit_pkey ON public.unit USING btree (id)
CREATE UNIQUE INDEX unit_region_id_name_key ON public.unit USING btree (region_id, name)
CREATE UNIQUE INDEX upload_piece_key_key ON public.upload_piece USING btree (key)
CREATE UNIQUE INDEX upload_piece_pkey ON public.upload_piece USING btree (upload_id, at)
CREATE UNIQUE INDEX upload_pkey ON public.upload USING btree (id)
CREATE UNIQUE INDEX waiver_pkey ON public.waiver USING btree (lesson_id, rev, report_id, no)
CREATE UNIQUE INDEX window_result_pkey ON public.window_result USING btree (learner_id, window_no)
CREATE UNIQUE INDEX year_window_pkey ON public.year_window USING btree (year)
CREATE TRIGGER audit_entry_append_only BEFORE DELETE OR UPDATE ON public.audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER carried_append_only BEFORE DELETE OR UPDATE ON public.carried FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER consent_append_only BEFORE DELETE OR UPDATE ON public.consent FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER course_gate BEFORE INSERT OR UPDATE OF state ON public.course FOR EACH ROW EXECUTE FUNCTION hold_course_gate()
CREATE TRIGGER credit_record_append_only BEFORE DELETE OR UPDATE ON public.credit_record FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER credit_record_mark AFTER INSERT ON public.credit_record FOR EACH ROW EXECUTE FUNCTION mark_standing()
CREATE TRIGGER delivery_fold_no_delete BEFORE DELETE ON public.delivery_fold FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER delivery_fold_no_update BEFORE UPDATE ON public.delivery_fold FOR EACH ROW WHEN (((length(new.list) > 0) OR ((new.learner_id <> old.learner_id) OR (new.chain_seq <> old.chain_seq) OR (new.session_id <> old.session_id) OR (new.segments <> old.segments) OR (new.bytes <> old.bytes) OR (new.list_hash <> old.list_hash) OR (new.chain_hash <> old.chain_hash)))) EXECUTE FUNCTION refuse_change()
CREATE TRIGGER enrolment_mark AFTER INSERT OR UPDATE ON public.enrolment FOR EACH ROW EXECUTE FUNCTION mark_standing()
CREATE TRIGGER inspection_policy_append_only BEFORE DELETE OR UPDATE ON public.inspection_policy FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER inspection_report_append_only BEFORE DELETE OR UPDATE ON public.inspection_report FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER legal_text_append_only BEFORE DELETE OR UPDATE ON public.legal_text FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER lesson_gate BEFORE INSERT OR UPDATE OF media_rev ON public.lesson FOR EACH ROW EXECUTE FUNCTION hold_lesson_gate()
CREATE TRIGGER login_end AFTER UPDATE OF ended_at ON public.login_session FOR EACH ROW WHEN (((old.ended_at = 0) AND (new.ended_at <> 0))) EXECUTE FUNCTION login_end()
CREATE TRIGGER manual_credit_append_only BEFORE DELETE OR UPDATE ON public.manual_credit FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER media_timeline BEFORE UPDATE OF duration_ms, segment_ms, segments, base_rev, time_map ON public.media FOR EACH ROW EXECUTE FUNCTION keep_timeline()
CREATE TRIGGER merkle_checkpoint_append_only BEFORE DELETE OR UPDATE ON public.merkle_checkpoint FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER merkle_hash_append_only BEFORE DELETE OR UPDATE ON public.merkle_hash FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER merkle_leaf_append_only BEFORE DELETE OR UPDATE ON public.merkle_leaf FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER person_mark AFTER UPDATE OF region_id ON public.person FOR EACH ROW EXECUTE FUNCTION mark_person()
CREATE TRIGGER playback_policy_append_only BEFORE DELETE OR UPDATE ON public.playback_policy FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER playback_session_append_only BEFORE DELETE OR UPDATE ON public.playback_session FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER refusal_append_only BEFORE DELETE OR UPDATE ON public.refusal FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER rule_set_append_only BEFORE DELETE OR UPDATE ON public.rule_set FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER rule_set_mark AFTER INSERT ON public.rule_set FOR EACH ROW EXECUTE FUNCTION mark_rule()
CREATE TRIGGER setting_append_only BEFORE DELETE OR UPDATE ON public.setting FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER span_append_only BEFORE DELETE OR UPDATE ON public.span FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER waiver_append_only BEFORE DELETE OR UPDATE ON public.waiver FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE TRIGGER window_result_append_only BEFORE DELETE OR UPDATE ON public.window_result FOR EACH ROW EXECUTE FUNCTION refuse_change()
CREATE OR REPLACE FUNCTION public.hold_course_gate()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$ BEGIN
    IF NEW.state = 'published' AND (TG_OP = 'INSERT' OR EXISTS (SELECT 1 FROM lesson l WHERE l.course_id = NEW.id AND NOT EXISTS
        (SELECT 1 FROM courseware w WHERE w.lesson_id = l.id AND w.rev = l.media_rev AND w.state = 'published'))) THEN
        RAISE EXCEPTION 'a lesson of the course has no published courseware' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $function$

CREATE OR REPLACE FUNCTION public.hold_lesson_gate()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$ BEGIN
    IF NEW.media_rev > 0 AND NOT EXISTS (SELECT 1 FROM courseware w WHERE w.lesson_id = NEW.id AND w.rev = NEW.media_rev AND w.state = 'published') THEN
        RAISE EXCEPTION 'the courseware is not published' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $function$

CREATE OR REPLACE FUNCTION public.keep_timeline()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$ BEGIN
    IF EXISTS (SELECT 1 FROM courseware w WHERE w.lesson_id = OLD.id AND w.rev = OLD.rev AND w.state IN ('published', 'withdrawn')) THEN
        RAISE EXCEPTION 'the timeline of a published revision does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $function$

CREATE OR REPLACE FUNCTION public.login_end()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    UPDATE study SET expires_at = 0, version = version + 1 WHERE learner_id = NEW.person_id AND login_session_id = NEW.id AND expires_at <> 0;
    UPDATE study SET prev = '', version = version + 1 WHERE learner_id = NEW.person_id AND prev LIKE '%"login":"' || NEW.id || '"%';
    RETURN NULL;
END $function$

CREATE OR REPLACE FUNCTION public.mark_person()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO standing_mark (person_id, year) SELECT DISTINCT NEW.id, year FROM standing WHERE person_id = NEW.id;
    RETURN NULL;
END $function$

CREATE OR REPLACE FUNCTION public.mark_rule()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO standing_mark (person_id, year) SELECT person_id, year FROM standing WHERE year = NEW.year AND about = '';
    RETURN NULL;
END $function$

CREATE OR REPLACE FUNCTION public.mark_standing()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO standing_mark (person_id, year) VALUES (NEW.person_id, NEW.year);
    RETURN NULL;
END $function$

CREATE OR REPLACE FUNCTION public.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $function$

