import OstiaryCore
import Subprocess
import SystemPackage

/// A command that is run for what it prints: without a shell, without anything of the gate's environment that was not
/// named, with nothing at its standard input, in a session of its own that ends with it.
struct ChildCommand: Hashable, Sendable {
    /// What is passed on of the gate's environment without being named.
    static let standardVariables = [
        "PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
    ]
    /// The most that it may print.
    static let mostOutput = 64 * 1024
    /// The most that is kept of what it says at standard error.
    static let mostComplaint = 4096

    /// The program and its arguments.
    let arguments: [String]

    enum Fault: Error {
        case notFound
        case notStarted
        case tooMuch
        /// It ended with another status than 0; what it said, as bytes of which nothing is known yet.
        case failed(status: String, complaint: [UInt8])
        /// The task was cancelled, and the command with it.
        case cancelled
    }

    /// Runs it and returns what it printed.
    /// - Parameter environment: `NAME=value` each, with a zero behind it: they are handed on as they lie in memory, and
    ///   without one whatever lies behind them would go to the command too.
    func run(_ environment: [[UInt8]], path: String?) async throws(Fault) -> [UInt8] {
        guard let program = arguments.first.flatMap({ Self.resolve($0, path) }) else { throw .notFound }
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500)),
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(100)),
        ]
        do {
            let result = try await Subprocess.run(
                .path(SystemPackage.FilePath(program)),
                arguments: Arguments(Array(arguments.dropFirst())),
                environment: .custom(environment),
                platformOptions: options,
                input: .none,
                output: .sequence,
                error: .sequence
            ) { execution in
                let (output, complaint) = (execution.standardOutput, execution.standardError)
                async let complaining = Self.gather(complaint, most: Self.mostComplaint, cuts: true)
                let printed = try await Self.gather(output, most: Self.mostOutput, cuts: false)
                // Nobody reads on, and it might never notice.
                if printed == nil { try? execution.send(signal: .kill, toProcessGroup: true) }
                return (printed, try await complaining ?? [])
            }
            guard !Task.isCancelled else { throw Fault.cancelled }
            let complaint = result.closureResult.1
            guard let output = result.closureResult.0 else { throw Fault.tooMuch }
            guard result.terminationStatus.isSuccess else {
                throw Fault.failed(status: "\(result.terminationStatus)", complaint: complaint)
            }
            return output
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Task.isCancelled ? Fault.cancelled : Fault.notStarted
        }
    }

    /// - Parameter cuts: whether what is too much is passed over; otherwise there is `nil` then.
    private static func gather(
        _ sequence: SubprocessOutputSequence,
        most: Int,
        cuts: Bool
    ) async throws -> [UInt8]? {
        var bytes = [UInt8]()
        // In one piece, so that a secret in it leaves no copies behind.
        bytes.reserveCapacity(most)
        for try await buffer in sequence {
            let room = most - bytes.count
            guard cuts || buffer.count <= room else {
                wipe(&bytes)
                return nil
            }
            buffer.withUnsafeBytes { bytes.append(contentsOf: $0.prefix(room)) }
        }
        return bytes
    }

    /// The program as an absolute path, or one with a slash as it is; `nil` when there is none.
    private static func resolve(_ name: String, _ path: String?) -> String? {
        guard !name.isEmpty else { return nil }
        if name.utf8.contains(UInt8(ascii: "/")) { return name }
        for folder in (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") where folder.hasPrefix("/") {
            let candidate = "\(folder)/\(name)"
            if SystemCall.mayExecute(candidate) { return candidate }
        }
        return nil
    }
}
