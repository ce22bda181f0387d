-- People, companies and the calendar.
DO $$ BEGIN END $$;
