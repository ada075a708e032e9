-- The all-time best are asked for on every front page.
create index player_best on player (best desc, since) where best > 0;
