select 1
select version()
select @@version
select @@version_comment limit 1
SELECT USER()
select user(), current_user(), database()
show databases
show tables
use nosuch
use mysql
show tables like 'f%'
show tables
select database()
select 'a','b' as x, 1+1, 1.5, null, -3, 'it''s', "dq"
select hex('abc'), unhex('4142'), 0x4142, x'4142', concat('a',1,'b'), length('abc'), md5('a')
select version() as v
select @@autocommit
select @@global.version, @@session.sql_mode, @@character_set_client
select @@tx_isolation
select @@max_allowed_packet,@@wait_timeout,@@lower_case_table_names
select @@version_compile_os, @@version_compile_machine
select @@plugin_dir, @@basedir, @@datadir, @@secure_file_priv
select @nosuch
select true,false,1=1,1>2,not 1, 1 and 0
select 2*3, 7/2, 5%3, 5-1, 10 div 3, 2+2.5
select if(1,2,3)
select upper('a'), lower('A'), trim(' a '), left('abc',2), reverse('abc'), replace('abc','b','x')
select ascii('a'), ord('a'), char_length('ab')
select session_user(), system_user(), schema(), last_insert_id()
select current_user
select sha1('a'), password('a'), crc32('a'), to_base64('a'), from_base64('YQ==')
select sleep(0)
select benchmark(1,1)
select concat_ws(',','a','b'), repeat('a',3), space(2)
select 1 union select 2
select 'a' 'b'
select 1 where 1=1
select 1 from dual
select 1 limit 0
select count(*) from mysql.func
select * from mysql.func
show variables like 'version%'
show variables where variable_name='version'
show global variables like 'plugin_dir'
show session variables like 'autocommit'
show warnings
show errors
show engines
show master status
show full tables from mysql like 'f%'
show tables from sys like 'v%'
show grants
show grants for current_user()
describe mysql.nosuch
explain select 1
set names utf8
set names latin1
select 'a'
set names utf8mb4
set autocommit=0
set autocommit=1
set @a=1
select @a
set sql_mode=''
select @@sql_mode
set session wait_timeout=100
select @@wait_timeout
set global general_log='on'
select @@general_log
set global general_log='off'
flush privileges
begin
commit
start transaction
rollback
select 1; select 2
select 1; use mysql; select 2
select 1;
;
/* hi */ select 1
/*!40101 set names utf8mb4 */
/*!50000 select*/ 1
# c
-- c
select 1 -- x
select 1 # x
do 1
unlock tables
use information_schema
select database()
show tables like 'SCHEMATA'
use performance_schema
