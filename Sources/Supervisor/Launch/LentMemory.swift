import CSupervise
import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A secret in memory that has no name anywhere and that nobody can change: what is sent to a guardian.
struct LentMemory: ~Copyable {
    let descriptor: Int32

    init(_ secret: ChildSecret) throws(SupervisorFault) {
        let memory = csupervise_memory("lent")
        guard memory >= 0 else { throw .notStarted(step: "secret", reason: SystemFault.last.reason) }
        let isWritten = Loan.withBytes(of: secret.holder) { bytes in
            var written = 0
            while written < bytes.count {
                let count = bytes.withUnsafeBytes { all in
                    SystemCall.write(memory, UnsafeRawBufferPointer(rebasing: all[written...]))
                }
                guard count > 0 else { return false }
                written += count
            }
            return true
        }
        guard isWritten, csupervise_seal(memory) == 0, lseek(memory, 0, SEEK_SET) == 0 else {
            let reason = SystemFault.last.reason
            close(memory)
            throw .notStarted(step: "secret", reason: reason)
        }
        descriptor = memory
    }

    deinit { close(descriptor) }

    /// Lends the descriptors of memory with these secrets to `body`.
    static func with<Result>(
        _ secrets: ArraySlice<ChildSecret>,
        _ descriptors: [Int32] = [],
        _ body: ([Int32]) throws(SupervisorFault) -> Result
    ) throws(SupervisorFault) -> Result {
        guard let secret = secrets.first else { return try body(descriptors) }
        let memory = try LentMemory(secret)
        return try with(secrets.dropFirst(), descriptors + [memory.descriptor], body)
    }
}
