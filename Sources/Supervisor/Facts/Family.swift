import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The processes below one, as `/proc` shows them now.
struct Family {
    let members: [Int32]

    /// - Parameter ancestor: a process that is not reaped yet; it is no member itself.
    init(below ancestor: Int32) {
        guard ancestor > 0 else {
            members = []
            return
        }
        var children: [Int32: [Int32]] = [:]
        for process in Self.all() {
            if let parent = Self.parent(of: process) { children[parent, default: []].append(process) }
        }
        var members: [Int32] = []
        var next = children[ancestor] ?? []
        // Bounded by the processes of the machine, each of which has one parent.
        while let process = next.popLast() {
            members.append(process)
            next += children[process] ?? []
        }
        self.members = members
    }

    /// The processes whose parent is this one.
    static func children(of parent: Int32) -> [Int32] {
        all().filter { Self.parent(of: $0) == parent }
    }

    /// Bytes in RAM of all members together (`/proc/PID/statm`).
    var memory: Int {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        return members.reduce(0) { sum, process in
            let fields = Self.text("/proc/\(process)/statm")?.split(separator: " ") ?? []
            return sum + (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * page
        }
    }

    /// The numbers of all processes.
    private static func all() -> [Int32] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            let number = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                Int32(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
            }
            if let number { found.append(number) }
        }
        return found
    }

    /// The parent's number: the second field behind the name, which stands in parentheses and may hold any (proc(5)).
    private static func parent(of process: Int32) -> Int32? {
        guard let text = text("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? Int32(fields[1]) : nil
    }

    /// At most 4 KiB of a file that the kernel makes.
    private static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        guard let count = try? SystemCall.fill(&bytes, from: descriptor) else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
