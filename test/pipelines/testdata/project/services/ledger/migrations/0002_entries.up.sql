create table entries (id bigint primary key, account bigint not null references accounts (id), cents bigint not null);
insert into accounts (id, name) values (1, 'cash');
