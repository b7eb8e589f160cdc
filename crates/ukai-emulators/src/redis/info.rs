//! `INFO`: numbers that move, agree with each other and with what the client did.

use super::server::Server;
use super::store::Value;
use std::fmt::Write as _;
use ukai_model::Timestamp;

const SECTIONS: [&str; 13] = [
    "server",
    "clients",
    "memory",
    "persistence",
    "stats",
    "replication",
    "cpu",
    "modules",
    "commandstats",
    "errorstats",
    "latencystats",
    "cluster",
    "keyspace",
];
/// What is not told unless it is asked for.
const NOT_DEFAULT: [&str; 2] = ["commandstats", "latencystats"];

impl Server {
    /// The sections that were asked for, in their own order.
    pub(super) fn info(&mut self, wanted: &[Vec<u8>], now: Timestamp) -> Vec<u8> {
        let wanted: Vec<String> =
            wanted.iter().map(|w| String::from_utf8_lossy(w).to_ascii_lowercase()).collect();
        let named = |name: &str| wanted.iter().any(|word| word == name);
        let default = wanted.is_empty() || named("default");
        let mut out = String::new();
        for section in SECTIONS {
            let told = named(section)
                || named("everything")
                || (named("all") && section != "modules")
                || (default && !NOT_DEFAULT.contains(&section));
            if !told {
                continue;
            }
            if !out.is_empty() {
                out.push_str("\r\n");
            }
            let body = self.section(section, now);
            let mut title = section.to_owned();
            title[..1].make_ascii_uppercase();
            let title = if section == "cpu" { "CPU".to_owned() } else { title };
            let _ = write!(out, "# {title}\r\n");
            for line in body.lines().filter(|line| !line.trim().is_empty()) {
                let _ = write!(out, "{}\r\n", line.trim_start());
            }
        }
        out.into_bytes()
    }

    fn section(&mut self, name: &str, now: Timestamp) -> String {
        match name {
            "server" => self.of_server(now),
            "clients" => self.of_clients(),
            "memory" => self.of_memory(now),
            "persistence" => self.of_persistence(now),
            "stats" => self.of_stats(now),
            "replication" => self.of_replication(now),
            "cpu" => self.of_cpu(now),
            "commandstats" => self.of_commands(),
            "errorstats" => self.of_errors(),
            "cluster" => "cluster_enabled:0".to_owned(),
            "keyspace" => self.of_keys(now),
            _ => String::new(),
        }
    }

    /// Seconds since the server began: a little after the system.
    fn uptime(&self, now: Timestamp) -> u64 {
        self.host.uptime(now).as_secs().saturating_sub(self.host.draw("redis start", 6, 25))
    }

    /// Forty hexadecimal digits that stay the same until the system starts again.
    fn run_digits(&self, label: &str, now: Timestamp) -> String {
        let booted = now.secs().saturating_sub(self.host.uptime(now).as_secs());
        let secret = self.host.secret(&format!("redis {label} {booted}"));
        secret[..20].iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn of_server(&self, now: Timestamp) -> String {
        let clock = self.host.clock(now);
        let up = self.uptime(now);
        let spec = self.host.persona.redis.as_ref();
        let text = |of: fn(&ukai_persona::RedisSpec) -> &String| spec.map_or("", |spec| of(spec));
        format!(
            "redis_version:{}
            redis_git_sha1:00000000
            redis_git_dirty:0
            redis_build_id:{}
            redis_mode:standalone
            os:Linux {} {}
            arch_bits:64
            monotonic_clock:POSIX clock_gettime
            multiplexing_api:epoll
            atomicvar_api:c11-builtin
            gcc_version:{}
            process_id:{}
            process_supervised:{}
            run_id:{}
            tcp_port:{}
            server_time_usec:{}
            uptime_in_seconds:{up}
            uptime_in_days:{}
            hz:{}
            configured_hz:{}
            lru_clock:{}
            executable:/usr/bin/redis-server
            config_file:/etc/redis/redis.conf
            io_threads_active:0",
            text(|spec| &spec.version),
            text(|spec| &spec.build_id),
            self.host.persona.kernel.release,
            self.host.persona.machine.uname,
            text(|spec| &spec.gcc_version),
            self.host.draw("redis pid", 480, 790),
            self.setting("supervised"),
            self.run_digits("run id", now),
            self.setting("port"),
            clock.nanos() / 1_000,
            up / 86_400,
            self.setting("hz"),
            self.setting("hz"),
            clock.secs() & 0xff_ffff,
        )
    }

    fn of_clients(&self) -> String {
        format!(
            "connected_clients:{}
            cluster_connections:0
            maxclients:{}
            client_recent_max_input_buffer:20480
            client_recent_max_output_buffer:0
            blocked_clients:0
            tracking_clients:0
            clients_in_timeout_table:0",
            self.clients,
            self.setting("maxclients"),
        )
    }

    /// Memory in use, in bytes.
    pub(super) fn used_memory(&mut self, now: Timestamp) -> u64 {
        let base = 874_000 + self.host.draw("redis startup", 0, 4_000) / 8 * 8;
        let jitter = self.host.draw(&format!("redis memory {}", now.secs() / 5), 0, 9_000) / 8 * 8;
        base + 22_000 * u64::from(self.clients) + 92_000 + jitter + self.store.count() as u64
    }

    fn of_memory(&mut self, now: Timestamp) -> String {
        let used = self.used_memory(now);
        let startup = 874_000 + self.host.draw("redis startup", 0, 4_000) / 8 * 8;
        let overhead = startup + 22_000 * u64::from(self.clients);
        let peak = used + 40_000 + self.host.draw("redis peak", 0, 400_000) / 8 * 8;
        let dataset = used.saturating_sub(overhead);
        let total = self.host.memory(now).total_kb * 1_024;
        let allocated = used + 250_000;
        let active = (allocated + 350_000) / 4_096 * 4_096;
        let resident = active + 2_789_376;
        let rss = resident + self.host.draw("redis rss", 6_000, 7_900) / 4 * 4_096;
        let limit = self.setting("maxmemory").parse().unwrap_or(0);
        let percent = |part: u64, whole: u64| part as f64 * 100.0 / whole.max(1) as f64;
        let ratio = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        format!(
            "used_memory:{used}
            used_memory_human:{}
            used_memory_rss:{rss}
            used_memory_rss_human:{}
            used_memory_peak:{peak}
            used_memory_peak_human:{}
            used_memory_peak_perc:{:.2}%
            used_memory_overhead:{overhead}
            used_memory_startup:{startup}
            used_memory_dataset:{dataset}
            used_memory_dataset_perc:{:.2}%
            allocator_allocated:{allocated}
            allocator_active:{active}
            allocator_resident:{resident}
            total_system_memory:{total}
            total_system_memory_human:{}
            used_memory_lua:31744
            used_memory_vm_eval:31744
            used_memory_lua_human:31.00K
            used_memory_scripts_eval:0
            number_of_cached_scripts:{}
            number_of_functions:0
            number_of_libraries:0
            used_memory_vm_functions:32768
            used_memory_vm_total:64512
            used_memory_vm_total_human:63.00K
            used_memory_functions:200
            used_memory_scripts:200
            used_memory_scripts_human:200B
            maxmemory:{limit}
            maxmemory_human:{}
            maxmemory_policy:{}
            allocator_frag_ratio:{:.2}
            allocator_frag_bytes:{}
            allocator_rss_ratio:{:.2}
            allocator_rss_bytes:{}
            rss_overhead_ratio:{:.2}
            rss_overhead_bytes:{}
            mem_fragmentation_ratio:{:.2}
            mem_fragmentation_bytes:{}
            mem_not_counted_for_evict:0
            mem_replication_backlog:0
            mem_total_replication_buffers:0
            mem_clients_slaves:0
            mem_clients_normal:0
            mem_cluster_links:0
            mem_aof_buffer:0
            mem_allocator:jemalloc-5.3.0
            active_defrag_running:0
            lazyfree_pending_objects:0
            lazyfreed_objects:0",
            human(used),
            human(rss),
            human(peak),
            percent(used, peak),
            percent(dataset, used.saturating_sub(startup)),
            human(total),
            self.scripts.len(),
            human(limit),
            self.setting("maxmemory-policy"),
            ratio(active, allocated),
            active - allocated,
            ratio(resident, active),
            resident - active,
            ratio(rss, resident),
            rss - resident,
            ratio(rss, used),
            rss - used,
        )
    }

    fn of_persistence(&self, now: Timestamp) -> String {
        let skew = self.host.clock(now).secs();
        format!(
            "loading:0
            async_loading:0
            current_cow_peak:0
            current_cow_size:0
            current_cow_size_age:0
            current_fork_perc:0.00
            current_save_keys_processed:0
            current_save_keys_total:0
            rdb_changes_since_last_save:{}
            rdb_bgsave_in_progress:0
            rdb_last_save_time:{}
            rdb_last_bgsave_status:{}
            rdb_last_bgsave_time_sec:{}
            rdb_current_bgsave_time_sec:-1
            rdb_saves:{}
            rdb_last_cow_size:{}
            rdb_last_load_keys_expired:0
            rdb_last_load_keys_loaded:0
            aof_enabled:{}
            aof_rewrite_in_progress:0
            aof_rewrite_scheduled:0
            aof_last_rewrite_time_sec:-1
            aof_current_rewrite_time_sec:-1
            aof_last_bgrewrite_status:ok
            aof_rewrites:0
            aof_rewrites_consecutive_failures:0
            aof_last_write_status:ok
            aof_last_cow_size:0
            module_fork_in_progress:0
            module_fork_last_cow_size:0",
            self.store.dirty,
            self.saved.min(skew),
            if self.save_failed { "err" } else { "ok" },
            if self.saves > 0 { 0 } else { -1 },
            self.saves,
            if self.saves > 0 { 409_600 } else { 0 },
            u8::from(self.is_set("appendonly")),
        )
    }

    fn of_stats(&self, now: Timestamp) -> String {
        let before = |label: &str, per_hour| self.host.count(label, per_hour, now);
        let connections = before("redis clients", 30) + self.connections;
        let commands = before("redis commands", 90) + self.commands;
        let errors = before("redis errors", 12) + self.errors.values().sum::<u64>();
        let input = before("redis input", 4_000) + self.input;
        let output = before("redis output", 90_000) + self.output;
        let tenths = self.host.draw(&format!("redis rate {}", now.secs() / 2), 0, 60);
        format!(
            "total_connections_received:{connections}
            total_commands_processed:{commands}
            instantaneous_ops_per_sec:{}
            total_net_input_bytes:{input}
            total_net_output_bytes:{output}
            total_net_repl_input_bytes:0
            total_net_repl_output_bytes:0
            instantaneous_input_kbps:{:.2}
            instantaneous_output_kbps:{:.2}
            instantaneous_input_repl_kbps:0.00
            instantaneous_output_repl_kbps:0.00
            rejected_connections:0
            sync_full:0
            sync_partial_ok:0
            sync_partial_err:0
            expired_keys:{}
            expired_stale_perc:0.00
            expired_time_cap_reached_count:0
            expire_cycle_cpu_milliseconds:{}
            evicted_keys:0
            evicted_clients:0
            total_eviction_exceeded_time:0
            current_eviction_exceeded_time:0
            keyspace_hits:{}
            keyspace_misses:{}
            pubsub_channels:0
            pubsub_patterns:0
            pubsubshard_channels:0
            latest_fork_usec:{}
            total_forks:{}
            migrate_cached_sockets:0
            slave_expires_tracked_keys:0
            active_defrag_hits:0
            active_defrag_misses:0
            active_defrag_key_hits:0
            active_defrag_key_misses:0
            total_active_defrag_time:0
            current_active_defrag_time:0
            tracking_total_keys:0
            tracking_total_items:0
            tracking_total_prefixes:0
            unexpected_error_replies:0
            total_error_replies:{errors}
            dump_payload_sanitizations:0
            total_reads_processed:{}
            total_writes_processed:{}
            io_threaded_reads_processed:0
            io_threaded_writes_processed:0
            reply_buffer_shrinks:{}
            reply_buffer_expands:0",
            tenths / 40,
            tenths as f64 / 1_000.0,
            tenths as f64 / 70.0,
            self.store.expired,
            before("redis expire", 18),
            self.store.hits,
            before("redis misses", 2) + self.store.misses,
            if self.saves > 0 { self.host.draw("redis fork", 180, 420) } else { 0 },
            self.saves,
            commands + connections,
            commands + connections / 5,
            connections / 2,
        )
    }

    fn of_replication(&self, now: Timestamp) -> String {
        let mut text = match &self.master {
            None => "role:master\n".to_owned(),
            Some((host, port)) => format!(
                "role:slave
                master_host:{host}
                master_port:{port}
                master_link_status:down
                master_last_io_seconds_ago:-1
                master_sync_in_progress:0
                slave_read_repl_offset:0
                slave_repl_offset:0
                master_link_down_since_seconds:-1
                slave_priority:{}
                slave_read_only:{}
                replica_announced:1\n",
                self.setting("replica-priority"),
                u8::from(self.is_set("replica-read-only")),
            ),
        };
        let _ = write!(
            text,
            "connected_slaves:0
            master_failover_state:no-failover
            master_replid:{}
            master_replid2:0000000000000000000000000000000000000000
            master_repl_offset:0
            second_repl_offset:-1
            repl_backlog_active:0
            repl_backlog_size:{}
            repl_backlog_first_byte_offset:0
            repl_backlog_histlen:0",
            self.run_digits("replication id", now),
            self.setting("repl-backlog-size"),
        );
        text
    }

    fn of_cpu(&self, now: Timestamp) -> String {
        // Ten wakes a second cost about a thousandth of a processor.
        let micros = self.host.uptime(now).as_millis() as u64;
        let system = micros * 9 / 16 + self.commands * 11;
        let user = micros * 7 / 12 + self.commands * 17;
        let seconds = |micros: u64| micros as f64 / 1_000_000.0;
        format!(
            "used_cpu_sys:{:.6}
            used_cpu_user:{:.6}
            used_cpu_sys_children:{:.6}
            used_cpu_user_children:{:.6}
            used_cpu_sys_main_thread:{:.6}
            used_cpu_user_main_thread:{:.6}",
            seconds(system),
            seconds(user),
            seconds(self.saves * 1_873),
            seconds(self.saves * 2_411),
            seconds(system - system / 300),
            seconds(user - user / 290),
        )
    }

    fn of_commands(&self) -> String {
        let mut text = String::new();
        for (number, (name, calls)) in self.calls.iter().enumerate() {
            let usec = calls * (3 + number as u64 % 9);
            let each = usec as f64 / (*calls).max(1) as f64;
            let _ = writeln!(
                text,
                "cmdstat_{name}:calls={calls},usec={usec},usec_per_call={each:.2},\
                 rejected_calls=0,failed_calls=0"
            );
        }
        text
    }

    fn of_errors(&self) -> String {
        let lines =
            self.errors.iter().map(|(code, count)| format!("errorstat_{code}:count={count}\n"));
        lines.collect()
    }

    fn of_keys(&self, now: Timestamp) -> String {
        let now_ms = now.nanos() / 1_000_000;
        let mut text = String::new();
        for (number, db) in self.store.dbs.iter().enumerate().filter(|(_, db)| !db.is_empty()) {
            let ends: Vec<u64> = db.values().filter_map(|entry| entry.expires).collect();
            let left: u64 =
                ends.iter().map(|at| at.saturating_sub(now_ms) / ends.len() as u64).sum();
            let _ = writeln!(
                text,
                "db{number}:keys={},expires={},avg_ttl={left}",
                db.len(),
                ends.len()
            );
        }
        text
    }

    /// Strings of all databases: what a saved file has of an attacker's.
    pub(super) fn texts(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.store.dbs.iter().flat_map(std::collections::BTreeMap::values).filter_map(|entry| {
            match &entry.value {
                Value::Text(text) => Some(text),
                _ => None,
            }
        })
    }
}

/// `bytesToHuman`.
fn human(bytes: u64) -> String {
    let number = bytes as f64;
    match bytes {
        0..1_024 => format!("{bytes}B"),
        1_024..1_048_576 => format!("{:.2}K", number / 1_024.0),
        1_048_576..1_073_741_824 => format!("{:.2}M", number / 1_048_576.0),
        _ => format!("{:.2}G", number / 1_073_741_824.0),
    }
}
