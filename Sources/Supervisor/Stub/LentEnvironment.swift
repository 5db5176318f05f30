import CSupervise
import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A child's environment with the variables that tell where its secrets are, or hold them.
struct LentEnvironment {
    /// What the child gets behind its streams, in this order.
    private(set) var descriptors: [Int32] = []
    private(set) var files: LentFiles?
    /// Each `NAME=value`, as bytes, so that no secret becomes text.
    private var variables: [[UInt8]] = []

    init(_ order: GuardianOrder, memories: [Int32]) throws(SystemFault) {
        let lent = Set(order.secrets.map(\.name))
        variables = order.environment.filter { !lent.contains($0.key) }.sorted { $0.key < $1.key }
            .map { Array("\($0.key)=\($0.value)".utf8) }
        for (secret, memory) in zip(order.secrets, memories) {
            let name = Array("\(secret.name)=".utf8)
            switch secret.way {
            case .descriptor:
                variables.append(name + Array("/dev/fd/\(order.streams + descriptors.count)".utf8))
                descriptors.append(memory)
            case .file:
                let files: LentFiles
                if let made = self.files {
                    files = made
                } else {
                    files = try LentFiles(order.environment["XDG_RUNTIME_DIR"])
                    self.files = files
                }
                try files.write(secret.name, memory)
                variables.append(name + Array(files.path(secret.name).utf8))
            case .variable: variables.append(name + (try LentFiles.bytes(of: memory)))
            }
        }
    }

    /// Lends the arguments and the environment in the form that execve(2) wants.
    func withPointers<Result>(
        _ arguments: [String],
        _ body: (
            UnsafePointer<UnsafeMutablePointer<CChar>?>, UnsafePointer<UnsafeMutablePointer<CChar>?>
        ) -> Result
    ) -> Result {
        let argumentPointers = arguments.map { strdup($0) } + [nil]
        let variablePointers = variables.map { Self.copy($0) } + [nil]
        defer {
            for pointer in argumentPointers { free(pointer) }
            for pointer in variablePointers {
                if let pointer { explicit_bzero(pointer, strlen(pointer)) }
                free(pointer)
            }
        }
        return argumentPointers.withUnsafeBufferPointer { arguments in
            variablePointers.withUnsafeBufferPointer { variables in
                // Neither is empty: each ends with `nil`.
                withUnsafePointer(to: nil as UnsafeMutablePointer<CChar>?) { none in
                    body(arguments.baseAddress ?? none, variables.baseAddress ?? none)
                }
            }
        }
    }

    private static func copy(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar>? {
        guard let copy = calloc(bytes.count + 1, 1) else { return nil }
        bytes.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress { copy.copyMemory(from: start, byteCount: bytes.count) }
        }
        return copy.assumingMemoryBound(to: CChar.self)
    }
}
