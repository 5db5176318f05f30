#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where secrets lie: whole pages that nothing else shares, since locking knows pages only and does not count.
enum SecretMemory {
    enum Keeping: Sendable {
        /// Pages that are locked: never written to swap.
        case locked
        /// Pages that the system refused to lock.
        case unlocked
        /// Ordinary memory, as there were no pages.
        case ordinary
    }

    /// Bytes of secrets that are not locked.
    static let unlocked = Gauge()

    #if os(Linux)
        // A macro that Swift does not import (madvise(2)).
        private static let dontDump: CInt = 16
    #endif

    static func take(_ count: Int) -> (UnsafeMutableBufferPointer<UInt8>, Keeping) {
        let size = pages(count)
        guard size > 0,
            let pages = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            pages != UnsafeMutableRawPointer(bitPattern: -1)
        else {
            unlocked.add(Int64(count))
            return (.allocate(capacity: count), .ordinary)
        }
        #if os(Linux)
            // Not in core dumps, whoever writes them; a refusal leaves what `PR_SET_DUMPABLE` does.
            _ = madvise(pages, size, dontDump)
        #endif
        let isLocked = mlock(pages, size) == 0
        if !isLocked { unlocked.add(Int64(count)) }
        let bytes = pages.bindMemory(to: UInt8.self, capacity: count)
        return (UnsafeMutableBufferPointer(start: bytes, count: count), isLocked ? .locked : .unlocked)
    }

    static func giveBack(_ bytes: UnsafeMutableBufferPointer<UInt8>, _ keeping: Keeping) {
        zero(bytes)
        if keeping != .locked { unlocked.add(-Int64(bytes.count)) }
        if keeping == .ordinary { bytes.deallocate() } else { _ = munmap(bytes.baseAddress, pages(bytes.count)) }
    }

    /// The bytes of the pages that hold `count` bytes.
    private static func pages(_ count: Int) -> Int {
        let page = max(4096, Int(sysconf(Int32(_SC_PAGESIZE))))
        return (count + page - 1) / page * page
    }
}

// Not inlined and not optimised, so that the writes are not dropped as useless.
@inline(never)
@_optimize(none)
private func zero(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
    for index in bytes.indices { bytes[index] = 0 }
}
