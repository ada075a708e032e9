alter table account add column roles text[] not null default '{}';
