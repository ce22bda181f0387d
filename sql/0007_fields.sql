-- Fields of tickets.
DO $$ BEGIN END $$;
