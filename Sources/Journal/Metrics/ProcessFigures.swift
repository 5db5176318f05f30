import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The process as the kernel sees it, from `/proc`. Where there is no `/proc` the figures are NaN.
enum ProcessFigures {
    static let instruments: [Instrument] = [
        Instrument("process_resident_memory_bytes", .gauge, "Memory in RAM.") { resident() },
        Instrument("process_open_fds", .gauge, "Open file descriptors.") { openDescriptors() },
        Instrument("process_max_fds", .gauge, "The most file descriptors that may be open.") { mostDescriptors() },
        Instrument("process_cpu_seconds_total", .counter, "User and system time.") { cpuSeconds() },
        Instrument("process_start_time_seconds", .gauge, "When the process began, in Unix time.") { started() },
    ]

    static func resident() -> Double {
        guard let field = fields("/proc/self/statm").dropFirst().first, let pages = Double(field) else { return .nan }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    static func openDescriptors() -> Double {
        guard let folder = opendir("/proc/self/fd") else { return .nan }
        defer { closedir(folder) }
        var count = 0.0
        while let item = readdir(folder) {
            if item.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        // Without the one that reads the folder.
        return count - 1
    }

    static func mostDescriptors() -> Double {
        var limit = rlimit()
        #if canImport(Glibc)
            let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
            let result = getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        return result == 0 ? Double(limit.rlim_cur) : .nan
    }

    static func cpuSeconds() -> Double {
        let stat = stat()
        guard stat.count > 12, let user = Double(stat[11]), let system = Double(stat[12]) else { return .nan }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    static func started() -> Double {
        let stat = stat()
        let boot = text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        guard stat.count > 19, let ticks = Double(stat[19]), let boot, let since = Double(boot.dropFirst(6)) else {
            return .nan
        }
        return since + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The fields of `/proc/self/stat` after the name, which may hold spaces itself; the first is the state.
    private static func stat() -> [Substring] {
        guard let rest = text("/proc/self/stat").split(separator: ")").last else { return [] }
        return rest.split(separator: " ")
    }

    private static func fields(_ path: String) -> [Substring] {
        text(path).split { $0 == " " || $0 == "\n" }
    }

    private static func text(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4_096)
        // /proc/stat has a line for each processor and may be long; the bound is for whatever else may lie there.
        while bytes.count < 1 << 20 {
            let count = read(file, &piece, piece.count)
            guard count > 0 else { break }
            bytes += piece.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
