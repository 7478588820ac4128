# shellcheck shell=bash
# Servers and interpreters from Debian's packages that don't leak, each with a load.
# Sourced by tests/verdict/real, in a guest. A function start_NAME starts it, puts the
# process to look at into pid_of, and what makes it work into loads.
# shellcheck disable=SC2034,SC2154 # the caller's: loads, pid_of, loading, work

www=$work/www

until_open() {
	local end=$((SECONDS + 300))
	until (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
		[ $SECONDS -lt $end ] || die "nobody listens on $1"
		sleep 0.2
	done
}

# started NAME PORT: the last command in the background is it
started() {
	pid_of[$1]=$!
	until_open "$2"
}

# http NAME PORT COUNT: a load of requests, on connections that stay and that do not
http() {
	loads+=("ab -q -k -c 4 -n $3 http://127.0.0.1:$2/index.html; ab -q -c 2 -n $(($3 / 5)) http://127.0.0.1:$2/index.html; sleep 4")
}

# the first child of $2, when it has one
child_of() {
	local end=$((SECONDS + 300))
	until pid_of[$1]=$(pgrep -P "$2" | head -1) && [ -n "${pid_of[$1]}" ]; do
		[ $SECONDS -lt $end ] || die "$1 has no child"
		sleep 0.2
	done
}

start_redis() {
	redis-server --port 6390 --save '' --dir "$work" >"$work/redis.log" &
	started redis 6390
	loads+=("redis-benchmark -q -p 6390 -t set,get,lpush,lpop -c 8 -n 500 -r 1000; sleep 4")
}

# Only ever gets new keys, in bursts, so that what follows load can be told from what
# follows time: no leak, but it grows as one does.
start_redis-filling() {
	redis-server --port 6391 --save '' --dir "$work" >"$work/redis-filling.log" &
	started redis-filling 6391
	loads+=("redis-benchmark -q -p 6391 -t set -c 1 -P 16 -d 3000 -n 400 -r 1000000000; sleep 12")
}

start_memcached() {
	memcached -u nobody -l 127.0.0.1 -p 11290 -t 2 -m 16 &
	started memcached 11290
	loads+=("for i in \$(seq 200); do printf 'set k%d 0 0 5\r\nhello\r\nget k%d\r\n' \$i \$i; done | timeout 60 socat -t1 - TCP:127.0.0.1:11290; sleep 4")
}

start_nginx() {
	cat >"$work/nginx.conf" <<-CONF
		daemon off; worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.err;
		events { worker_connections 256; }
		http { access_log off; root $www; server { listen 8390; } }
	CONF
	nginx -c "$work/nginx.conf" &
	started nginx-master 8390
	child_of nginx "${pid_of[nginx-master]}"
	loads+=("ab -q -k -c 8 -n 500 http://127.0.0.1:8390/; ab -q -c 4 -n 100 http://127.0.0.1:8390/; sleep 3")
}

start_lighttpd() {
	printf 'server.document-root = "%s"\nserver.port = 8393\nindex-file.names = ( "index.html" )\n' "$www" >"$work/lighttpd.conf"
	lighttpd -D -f "$work/lighttpd.conf" >"$work/lighttpd.log" 2>&1 &
	started lighttpd 8393
	http lighttpd 8393 100
}

start_apache() {
	local modules=/usr/lib/apache2/modules
	cat >"$work/apache.conf" <<-CONF
		ServerRoot $work
		ServerName localhost
		PidFile $work/apache.pid
		Listen 127.0.0.1:8394
		LoadModule mpm_event_module $modules/mod_mpm_event.so
		LoadModule authz_core_module $modules/mod_authz_core.so
		User nobody
		StartServers 1
		ServerLimit 1
		ThreadsPerChild 16
		MaxRequestWorkers 16
		MinSpareThreads 4
		MaxSpareThreads 16
		DocumentRoot $www
		ErrorLog $work/apache.log
	CONF
	apache2 -D FOREGROUND -f "$work/apache.conf" &
	started apache-master 8394
	child_of apache "${pid_of[apache-master]}"
	http apache 8394 100
}

start_haproxy() {
	cat >"$work/haproxy.conf" <<-CONF
		defaults
		  mode http
		  timeout connect 5s
		  timeout client 50s
		  timeout server 50s
		listen all
		  bind 127.0.0.1:8395
		  server nginx 127.0.0.1:8390
	CONF
	haproxy -db -f "$work/haproxy.conf" >"$work/haproxy.log" 2>&1 &
	started haproxy 8395
	http haproxy 8395 100
}

start_tinyproxy() {
	printf 'Port 8396\nListen 127.0.0.1\nMaxClients 20\nLogFile "%s"\n' "$work/tinyproxy.log" >"$work/tinyproxy.conf"
	tinyproxy -d -c "$work/tinyproxy.conf" >/dev/null 2>&1 &
	started tinyproxy 8396
	loads+=("ab -q -c 2 -n 30 -X 127.0.0.1:8396 http://127.0.0.1:8390/index.html; sleep 4")
}

start_postgres() {
	local bin
	bin=$(echo /usr/lib/postgresql/*/bin)
	install -d -o postgres "$work/pg"
	runuser -u postgres -- "$bin/initdb" -D "$work/pg/data" --no-sync >"$work/pg.log"
	runuser -u postgres -- "$bin/postgres" -D "$work/pg/data" -p 5490 -k "$work/pg" >>"$work/pg.log" 2>&1 &
	until_open 5490
	pid_of[postgres]=$(head -1 "$work/pg/data/postmaster.pid")
	until runuser -u postgres -- "$bin/pgbench" -q -i -h "$work/pg" -p 5490 postgres >>"$work/pg.log" 2>&1; do
		[ $SECONDS -lt 900 ] || die "pgbench -i fails"
		sleep 1
	done
	loads+=("runuser -u postgres -- $bin/pgbench -h $work/pg -p 5490 -c 2 -t 10 postgres; sleep 5")
}

# One connection that stays, whose server is looked at. Those of earlier ones are ending.
start_postgres-server() {
	local bin
	bin=$(echo /usr/lib/postgresql/*/bin)
	while pgrep -f 'postgres: postgres postgres' >/dev/null; do sleep 0.2; done
	runuser -u postgres -- "$bin/pgbench" -h "$work/pg" -p 5490 -c 1 -R 5 -T 100000 postgres >>"$work/pg.log" 2>&1 &
	loading+=("$!")
	# pgbench's first connection asks for the tables' size and ends
	until pid_of[postgres-server]=$(pgrep -f 'postgres: postgres postgres' | head -1) && sleep 3 &&
		kill -0 "${pid_of[postgres-server]:-none}" 2>/dev/null; do
		[ $SECONDS -lt 900 ] || die "pgbench does not connect"
		sleep 1
	done
}

start_mosquitto() {
	printf 'listener 1890 127.0.0.1\nallow_anonymous true\n' >"$work/mosquitto.conf"
	mosquitto -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
	started mosquitto 1890
	loads+=("for i in \$(seq 20); do mosquitto_pub -p 1890 -t topic/\$((i % 5)) -m hello; done; timeout 3 mosquitto_sub -p 1890 -t topic/1; sleep 3")
}

start_beanstalkd() {
	beanstalkd -l 127.0.0.1 -p 11390 &
	started beanstalkd 11390
	loads+=("for i in \$(seq 50); do printf 'put 0 0 60 5\r\nhello\r\n'; done | timeout 60 socat -t1 - TCP:127.0.0.1:11390 >/dev/null; (for i in \$(seq 50); do printf 'reserve\r\n'; done) | timeout 60 socat -t1 - TCP:127.0.0.1:11390 | awk '/^RESERVED/ { print \"delete \" \$2 \"\r\" }' | timeout 60 socat -t1 - TCP:127.0.0.1:11390; sleep 4")
}

start_dnsmasq() {
	dnsmasq -k -u root -p 5391 -R -h --address=/test/127.0.0.1 --listen-address=127.0.0.1 --bind-interfaces \
		>"$work/dnsmasq.log" 2>&1 &
	started dnsmasq 5391
	loads+=("for i in \$(seq 20); do dig +short -p 5391 @127.0.0.1 a\$i.test; dig +tcp +short -p 5391 @127.0.0.1 b\$i.test; done; sleep 4")
}

start_sshd() {
	mkdir -p /run/sshd "$work/ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/host"
	ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/user"
	printf 'Port 2290\nListenAddress 127.0.0.1\nHostKey %s/ssh/host\nAuthorizedKeysFile %s/ssh/user.pub\nStrictModes no\nPidFile none\nUseDNS no\n' \
		"$work" "$work" >"$work/ssh/config"
	/usr/sbin/sshd -D -f "$work/ssh/config" >"$work/sshd.log" 2>&1 &
	started sshd 2290
	loads+=("ssh -p 2290 -i $work/ssh/user -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1 true; sleep 5")
}

start_rsyslogd() {
	cat >"$work/rsyslog.conf" <<-CONF
		module(load="imtcp")
		input(type="imtcp" port="5190")
		*.* action(type="omfile" file="$work/syslog.log")
	CONF
	rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid" &
	started rsyslogd 5190
	loads+=("for i in \$(seq 10); do logger -n 127.0.0.1 -P 5190 -T hello \$i; done; sleep 3")
}

start_stunnel() {
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=test -keyout "$work/tls.pem" -out "$work/tls.crt" 2>/dev/null
	cat "$work/tls.crt" >>"$work/tls.pem"
	printf 'foreground = yes\npid =\n[web]\naccept = 127.0.0.1:8497\nconnect = 127.0.0.1:8390\ncert = %s\n' \
		"$work/tls.pem" >"$work/stunnel.conf"
	stunnel4 "$work/stunnel.conf" >"$work/stunnel.log" 2>&1 &
	started stunnel 8497
	loads+=("for i in 1 2 3 4 5; do curl -sk https://127.0.0.1:8497/ -o /dev/null; done; sleep 4")
}

start_python() {
	(cd "$www" && exec /usr/bin/python3 -m http.server 8391) >/dev/null 2>&1 &
	started python 8391
	loads+=("ab -q -c 2 -n 30 http://127.0.0.1:8391/; sleep 3")
}

start_node() {
	/usr/bin/node -e 'require("http").createServer((q, a) => a.end("hello")).listen(8392)' &
	started node 8392
	loads+=("ab -q -k -c 4 -n 200 http://127.0.0.1:8392/; sleep 3")
}

start_php() {
	(cd "$www" && exec php -S 127.0.0.1:8397) >/dev/null 2>&1 &
	started php 8397
	loads+=("ab -q -c 2 -n 50 http://127.0.0.1:8397/one.php; sleep 3")
}

start_ruby() {
	ruby -rwebrick -e 's = WEBrick::HTTPServer.new(Port: 8398, BindAddress: "127.0.0.1", AccessLog: [],
		Logger: WEBrick::Log.new(File::NULL)); s.mount_proc("/") { |q, a| a.body = "hello" * 10 }; s.start' &
	started ruby 8398
	loads+=("ab -q -c 2 -n 30 http://127.0.0.1:8398/; sleep 3")
}

start_perl() {
	# a client that hangs up would end it
	perl -MHTTP::Daemon -MHTTP::Response -e '$SIG{PIPE} = "IGNORE"; $d = HTTP::Daemon->new(LocalAddr => "127.0.0.1", LocalPort => 8399, ReuseAddr => 1) or die;
		while ($c = $d->accept) { if ($c->get_request) { $c->force_last_request; $c->send_response(HTTP::Response->new(200, "OK", [], "hello")) } $c->close }' &
	started perl 8399
	loads+=("ab -q -c 1 -n 30 http://127.0.0.1:8399/; sleep 3")
}

start_java() {
	cat >"$work/Web.java" <<-JAVA
		import com.sun.net.httpserver.HttpServer;
		public class Web {
			public static void main(String[] a) throws Exception {
				HttpServer s = HttpServer.create(new java.net.InetSocketAddress("127.0.0.1", 8400), 16);
				s.setExecutor(java.util.concurrent.Executors.newFixedThreadPool(4));
				s.createContext("/", x -> { byte[] b = "hello".getBytes(); x.sendResponseHeaders(200, b.length);
					x.getResponseBody().write(b); x.close(); });
				s.start();
			}
		}
	JAVA
	java -Xmx64m -XX:+UseSerialGC "$work/Web.java" >"$work/java.log" 2>&1 &
	started java 8400
	loads+=("ab -q -k -c 2 -n 50 http://127.0.0.1:8400/; sleep 3")
}

# A shell and a database that are asked line by line, and answer for ever.
start_sqlite() {
	mkfifo "$work/sqlite.in"
	sqlite3 "$work/one.db" <"$work/sqlite.in" >/dev/null 2>"$work/sqlite.log" &
	pid_of[sqlite]=$!
	exec {sqlite_in}>"$work/sqlite.in"
	echo 'create table t(a integer primary key, b text);' >&"$sqlite_in"
	loads+=("for i in \$(seq 20); do echo \"insert or replace into t values(\$((RANDOM % 500)), hex(randomblob(50))); select count(*) from t where b like '%AB%';\"; done >$work/sqlite.in; sleep 2")
}
