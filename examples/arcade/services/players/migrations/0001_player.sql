create table player (
    name text primary key check (name ~ '^[a-z0-9][a-z0-9-]{1,15}$'),
    password_hash text not null,
    best integer not null default 0 check (best >= 0),
    since timestamptz not null default now()
);
