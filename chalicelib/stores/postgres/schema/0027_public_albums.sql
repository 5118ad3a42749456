CREATE OR REPLACE VIEW public_albums AS SELECT * FROM albums WHERE deleted_at IS NULL AND visibility = 'public'
