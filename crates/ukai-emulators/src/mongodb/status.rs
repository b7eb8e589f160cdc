//! What the server tells of its build, its host and its work.

use super::bson::{Document, Value};
use super::command::Asked;
use super::failure::Failure;
use super::read::{size_on_disk, whole};
use super::server::Server;
use crate::limits::MONGODB_DOCUMENTS;
use bytes::Bytes;
use ukai_model::{Duration, Timestamp};

/// When the server was started: a little after the host.
pub(super) fn started(asked: &Asked<'_>) -> Timestamp {
    let host = &asked.open.host;
    host.booted(asked.now) + Duration::from_secs(host.draw("mongodb start", 9, 25))
}

/// The build of MongoDB's package for Debian 12 (`mongodb-org-server`).
pub(super) fn build_info(server: &Server) -> Document {
    let spec = server.host.persona.mongodb.as_ref();
    let version = spec.map_or("", |spec| &spec.version);
    let openssl = spec.map_or("", |spec| &spec.openssl);
    let numbers = version.split('.').map(|number| Value::Int(number.parse().unwrap_or_default()));
    let environment = Document::new()
        .with("distmod", "debian12")
        .with("distarch", "x86_64")
        .with("cc", "/opt/mongodbtoolchain/v4/bin/gcc: gcc (GCC) 11.3.0")
        .with(
            "ccflags",
            "-Werror -include mongo/platform/basic.h -ffp-contract=off \
             -fasynchronous-unwind-tables -g2 -Wall -Wsign-compare -Wno-unknown-pragmas \
             -Winvalid-pch -gdwarf-5 -fno-omit-frame-pointer -fno-strict-aliasing -O2 \
             -march=sandybridge -mtune=generic -mprefer-vector-width=128 \
             -Wno-unused-local-typedefs -Wno-unused-function -Wno-deprecated-declarations \
             -Wno-unused-const-variable -Wno-unused-but-set-variable -Wno-missing-braces \
             -fstack-protector-strong -gdwarf64 -Wa,--nocompress-debug-sections \
             -fno-builtin-memcmp -Wimplicit-fallthrough=5",
        )
        .with("cxx", "/opt/mongodbtoolchain/v4/bin/g++: g++ (GCC) 11.3.0")
        .with(
            "cxxflags",
            "-Woverloaded-virtual -Wpessimizing-move -Wno-maybe-uninitialized \
             -fsized-deallocation -Wno-deprecated -std=c++20",
        )
        .with(
            "linkflags",
            "-Wl,--fatal-warnings -B/opt/mongodbtoolchain/v4/bin -gdwarf-5 -pthread -Wl,-z,now \
             -fuse-ld=lld -fstack-protector-strong -gdwarf64 -Wl,--build-id -Wl,--hash-style=gnu \
             -Wl,-z,noexecstack -Wl,--warn-execstack -Wl,-z,relro \
             -Wl,--compress-debug-sections=none -Wl,-z,origin -Wl,--enable-new-dtags",
        )
        .with("target_arch", "x86_64")
        .with("target_os", "linux")
        .with(
            "cppdefines",
            "SAFEINT_USE_INTRINSICS 0 PCRE2_STATIC NDEBUG _XOPEN_SOURCE 700 _GNU_SOURCE \
             _FORTIFY_SOURCE 2 ABSL_FORCE_ALIGNED_ACCESS BOOST_ENABLE_ASSERT_DEBUG_HANDLER \
             BOOST_FILESYSTEM_NO_CXX20_ATOMIC_REF BOOST_LOG_NO_SHORTHAND_NAMES \
             BOOST_LOG_USE_NATIVE_SYSLOG BOOST_LOG_WITHOUT_THREAD_ATTR \
             BOOST_MATH_NO_LONG_DOUBLE_MATH_FUNCTIONS BOOST_SYSTEM_NO_DEPRECATED \
             BOOST_THREAD_USES_DATETIME BOOST_THREAD_VERSION 5",
        );
    Document::new()
        .with("version", version)
        .with("gitVersion", spec.map_or("", |spec| &spec.git_version))
        .with("modules", Vec::new())
        .with("allocator", "tcmalloc")
        .with("javascriptEngine", "mozjs")
        .with("sysInfo", "deprecated")
        .with("versionArray", numbers.chain([Value::Int(0)]).collect::<Vec<_>>())
        .with("openssl", Document::new().with("running", openssl).with("compiled", openssl))
        .with("buildEnvironment", environment)
        .with("bits", 64)
        .with("debug", false)
        .with("maxBsonObjectSize", 16_777_216)
        .with("storageEngines", ["devnull", "wiredTiger"].map(Value::from).to_vec())
}

fn megabytes(asked: &Asked<'_>) -> i32 {
    i32::try_from(asked.open.host.persona.memory.total_kb / 1_024).unwrap_or(i32::MAX)
}

pub(super) fn host_info(asked: &Asked<'_>) -> Document {
    let host = &asked.open.host;
    let kernel = host.persona.kernel.release.as_str();
    let memory = megabytes(asked);
    let system = Document::new()
        .with("currentTime", super::admin::date(host.clock(asked.now)))
        .with("hostname", name(asked))
        .with("cpuAddrSize", 64)
        .with("memSizeMB", i64::from(memory))
        .with("memLimitMB", i64::from(memory))
        .with("numCores", 2)
        .with("numCoresAvailableToProcess", 2)
        .with("numPhysicalCores", 2)
        .with("numCpuSockets", 1)
        .with("cpuArch", "x86_64")
        .with("numaEnabled", false)
        .with("numNumaNodes", 1);
    let os = Document::new()
        .with("type", "Linux")
        .with("name", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"")
        .with("version", format!("Kernel {kernel}"));
    let extra = Document::new()
        .with("versionString", host.proc_version().trim_end())
        .with("libcVersion", "2.36")
        .with("kernelVersion", kernel)
        .with("pageSize", 4_096_i64)
        .with("numPages", i64::from(memory) * 256)
        .with("maxOpenFiles", 64_000)
        .with("mountInfo", Vec::new());
    Document::new().with("system", system).with("os", os).with("extra", extra)
}

/// Host and port, as the server calls itself.
fn name(asked: &Asked<'_>) -> String {
    let host = &asked.open.host.hostname;
    match asked.open.flow.dst_port {
        27_017 => host.clone(),
        port => format!("{host}:{port}"),
    }
}

pub(super) fn server_status(server: &Server, asked: &Asked<'_>) -> Document {
    let host = &asked.open.host;
    let spec = host.persona.mongodb.as_ref();
    let up = asked.now.nanos().saturating_sub(started(asked).nanos());
    let seconds = i64::try_from(up / 1_000_000_000).unwrap_or_default();
    let counted = |label: &str, per_hour: u64| {
        i64::try_from(host.count(label, per_hour, asked.now)).unwrap_or_default()
    };
    let connections = counted("mongodb connections", 40) + 3;
    let current = i32::try_from(server.current).unwrap_or(i32::MAX);
    let [inserts, queries, updates, deletes, mores, commands] = server.counted;
    let zero = || Document::new().with("total", 0).with("readers", 0).with("writers", 0);
    let made = i64::try_from(server.connections).unwrap_or_default();
    Document::new()
        .with("host", name(asked))
        .with("version", spec.map_or("", |spec| &spec.version))
        .with("process", "mongod")
        .with("pid", i64::try_from(host.draw("mongodb pid", 500, 900)).unwrap_or_default())
        .with("uptime", Value::Double(f64::from(i32::try_from(seconds).unwrap_or(i32::MAX))))
        .with("uptimeMillis", i64::try_from(up / 1_000_000).unwrap_or_default())
        .with("uptimeEstimate", seconds)
        .with("localTime", super::admin::date(host.clock(asked.now)))
        .with(
            "asserts",
            Document::new()
                .with("regular", 0)
                .with("warning", 0)
                .with("msg", 0)
                .with("user", i32::try_from(counted("mongodb asserts", 2)).unwrap_or(i32::MAX))
                .with("tripwire", 0)
                .with("rollovers", 0),
        )
        .with(
            "connections",
            Document::new()
                .with("current", current)
                .with("available", 51_200_i32.saturating_sub(current))
                .with("totalCreated", connections + made)
                .with("rejected", 0)
                .with("active", 1)
                .with("threaded", current)
                .with("exhaustIsMaster", 0)
                .with("exhaustHello", 0)
                .with("awaitingTopologyChanges", 0)
                .with("loadBalanced", 0),
        )
        .with(
            "globalLock",
            Document::new()
                .with("totalTime", i64::try_from(up / 1_000).unwrap_or_default())
                .with("currentQueue", zero())
                .with("activeClients", zero()),
        )
        .with(
            "network",
            Document::new()
                .with("bytesIn", counted("mongodb in", 40_000))
                .with("bytesOut", counted("mongodb out", 190_000))
                .with("physicalBytesIn", counted("mongodb in", 40_000))
                .with("physicalBytesOut", counted("mongodb out", 190_000))
                .with("numRequests", counted("mongodb requests", 130)),
        )
        .with(
            "opcounters",
            Document::new()
                .with("insert", inserts)
                .with("query", counted("mongodb queries", 4) + queries)
                .with("update", counted("mongodb updates", 6) + updates)
                .with("delete", counted("mongodb deletes", 4) + deletes)
                .with("getmore", mores)
                .with("command", counted("mongodb requests", 130) + commands),
        )
        .with(
            "storageEngine",
            Document::new()
                .with("name", "wiredTiger")
                .with("supportsCommittedReads", true)
                .with("oldestRequiredTimestampForCrashRecovery", Value::Other(0x11, vec![0; 8]))
                .with("supportsPendingDrops", true)
                .with("dropPendingIdents", 0_i64)
                .with("supportsSnapshotReadConcern", true)
                .with("readOnly", false)
                .with("persistent", true)
                .with("backupCursorOpen", false),
        )
        .with(
            "mem",
            Document::new()
                .with("bits", 64)
                .with("resident", 110)
                .with("virtual", 2_680)
                .with("supported", true),
        )
}

/// Documents, their bytes, and collections of a database.
fn sizes<'a>(documents: impl Iterator<Item = &'a Bytes>) -> (i32, i32) {
    documents
        .take(MONGODB_DOCUMENTS)
        .fold((0, 0), |(count, bytes), one| (count + 1, bytes + whole(one.len())))
}

pub(super) fn database(server: &Server, asked: &Asked<'_>) -> Document {
    let collections = server.databases.get(asked.database);
    let all = collections.into_iter().flatten().flat_map(|(_, one)| &one.documents);
    let (count, bytes) = sizes(all);
    let number = collections.map_or(0, |all| whole(all.len()));
    let disk = size_on_disk(server, asked.database) / 2;
    #[expect(clippy::cast_precision_loss, reason = "as the server tells sizes")]
    let disk = disk as f64;
    Document::new()
        .with("db", asked.database)
        .with("collections", i64::from(number))
        .with("views", 0_i64)
        .with("objects", i64::from(count))
        .with("avgObjSize", if count > 0 { f64::from(bytes) / f64::from(count) } else { 0.0 })
        .with("dataSize", f64::from(bytes))
        .with("storageSize", disk)
        .with("indexes", i64::from(number))
        .with("indexSize", disk)
        .with("totalSize", 2.0 * disk)
        .with("scaleFactor", 1_i64)
}

pub(super) fn collection(server: &Server, asked: &Asked<'_>) -> Result<Document, Failure> {
    let found = server.collection(asked.database, asked.collection()?);
    let (count, bytes) = sizes(found.into_iter().flat_map(|one| &one.documents));
    Ok(Document::new()
        .with("ns", asked.namespace()?)
        .with("size", bytes)
        .with("count", count)
        .with("numOrphanDocs", 0)
        .with("storageSize", if found.is_some() { 4_096 } else { 0 })
        .with("totalIndexSize", if found.is_some() { 4_096 } else { 0 })
        .with("totalSize", if found.is_some() { 8_192 } else { 0 })
        .with("indexSizes", Document::new())
        .with("nindexes", i32::from(found.is_some()))
        .with("scaleFactor", 1))
}
