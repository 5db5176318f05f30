import OstiaryCore

extension ChildCommand {
    /// Runs the command and says what went wrong as a source does.
    /// - Parameter passed: variables that it may see besides the standard ones.
    func output(
        _ surroundings: Surroundings,
        passing passed: [String],
        label: String
    ) async throws(SourceFault) -> [UInt8] {
        var environment: [[UInt8]] = []
        var hidden: [[UInt8]] = []
        defer {
            for index in environment.indices { wipe(&environment[index]) }
            for index in hidden.indices { wipe(&hidden[index]) }
        }
        for name in Self.standardVariables {
            if let text = surroundings.environment[name] { environment.append(Array("\(name)=\(text)\0".utf8)) }
        }
        for name in passed where !Self.standardVariables.contains(name) {
            guard let value = surroundings.value(name) else { continue }
            value.withBytes { value in
                let bytes = value.withUnsafeBufferPointer { Array($0) }
                environment.append(Array("\(name)=".utf8) + bytes + [0])
                if bytes.count >= 8 { hidden.append(bytes) }
            }
        }
        do throws(Fault) {
            return try await run(environment, path: surroundings.environment["PATH"])
        } catch {
            switch error {
            case .notFound: throw .missing(label: label)
            case .notStarted: throw .unreadable(label: label, reason: "it could not be started")
            case .tooMuch: throw .tooLarge(label: label, limit: Self.mostOutput)
            case .cancelled: throw .givenUp(label: label)
            case .failed(let status, let complaint):
                let said = HelperComplaint.shown(complaint, hiding: hidden)
                throw .unreadable(label: label, reason: "\(status)\(said.isEmpty ? "" : ": \(said)")")
            }
        }
    }
}

extension Surroundings {
    /// The value of a variable, wherever it is kept; `nil` where it is not set or empty.
    func value(_ name: String) -> Secret? {
        if let secret = kept?.secret(name) {
            guard secret.count > 0 else { return nil }
            return secret
        }
        guard let text = environment[name], !text.isEmpty else { return nil }
        var bytes = Array(text.utf8)
        defer { wipe(&bytes) }
        return Secret(copying: bytes.span)
    }

    /// The value of a variable that holds no secret.
    func text(_ name: String) -> String? {
        guard let text = environment[name], !text.isEmpty else { return nil }
        return text
    }
}
