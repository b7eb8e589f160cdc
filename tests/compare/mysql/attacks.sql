show variables like '%plugin%'
select @@plugin_dir
select * from mysql.func where name = 'sys_exec'
create function sys_exec returns string soname 'lib_mysqludf_sys.so'
create function sys_exec returns int soname '/tmp/x.so'
create function f returns string soname ''
create function f returns foo soname 'x.so'
create aggregate function f returns real soname 'x.so'
create function if not exists f returns integer soname 'x.so'
create or replace function f returns integer soname 'x.so'
select sys_exec('id')
drop function sys_exec
drop function if exists sys_exec
drop function mysql.f
install plugin x soname 'x.so'
install soname 'x.so'
uninstall plugin x
select 0x4d5a90 into dumpfile '/usr/lib/mysql/plugin/udf.so'
select 0x4d5a90 into dumpfile '/usr/lib/mysql/plugin/udf.so'
create function f returns string soname 'udf.so'
select 'x' into dumpfile '/nonexist/x'
select '<?php ?>' into outfile '/root/x.php'
select 'x' into dumpfile '/root/x'
select 'x' into dumpfile '/tmp/zzq'
select 'x' into dumpfile '/tmp/zzq'
select load_file('/tmp/zzq')
select 'x' into outfile '/tmp/zzq'
select 1,'a',null into outfile '/tmp/lines'
select load_file('/tmp/lines')
select 1 into outfile '/tmp/shell' lines terminated by 0x3c3f70687020
select load_file('/tmp/shell')
select 1,'a"b' into outfile '/tmp/csv' fields terminated by ',' enclosed by '"'
select load_file('/tmp/csv')
select 'x' into dumpfile ''
select 'x' into @v
select load_file('/etc/shadow'), load_file('/nonexistent')
use mysql
create table udftmp (c longblob)
insert into udftmp values ('')
insert into udftmp values ('x'),('y')
update udftmp set c=concat(c,0x7f454c46)
select * from udftmp
select c from udftmp limit 1
select hex(c) from udftmp
select count(*) from udftmp
delete from udftmp
drop table udftmp
drop table if exists udftmp
set global general_log_file='/var/www/html/a.php'
