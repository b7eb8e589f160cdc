show databases
create database PLEASE_READ
create database PLEASE_READ
create database if not exists PLEASE_READ
use PLEASE_READ
create table WARNING (id int, warning text, primary key(id))
create table WARNING (id int)
insert into WARNING values (1,'pay')
insert into WARNING (id, warning) values (2,'now'),(3,'or never')
insert into WARNING values (1,'pay')
insert into WARNING values (1)
select * from WARNING
select warning from WARNING where id = 2
select id from WARNING where id > 1 limit 1
select nosuch from WARNING
update WARNING set warning='x' where id=1
delete from WARNING where id=2
select count(*) from WARNING
show tables
drop table WARNING
drop table WARNING
drop table if exists WARNING
show tables
drop database PLEASE_READ
drop database PLEASE_READ
drop database if exists PLEASE_READ
show tables
