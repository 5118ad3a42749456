CREATE OR REPLACE VIEW open_entries AS SELECT * FROM entries WHERE NOT is_private
