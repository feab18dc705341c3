drop table entries;
delete from accounts where id = 1;
