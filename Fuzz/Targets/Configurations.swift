import OstiaryWire

@testable import OstiaryServer

/// A file is read to the same end twice; the faults are printable and never empty; what is accepted has providers
/// that can be dialled, a model, and an admin door on loopback (SEC-004).
func fuzzConfiguration(_ bytes: [UInt8]) {
    for mode in [Configuration.Mode.serving, .development] {
        let first = read(bytes, mode)
        demand(read(bytes, mode) == first, "a file is read in two ways")
        switch first {
        case .success(let configuration):
            demand(!configuration.providers.isEmpty && !configuration.models.isEmpty, "there is nowhere to go")
            for base in configuration.providers.compactMap(\.baseURL) {
                demand(Origin(base) != nil, "the dialler cannot use an accepted base URL")
            }
            demand(configuration.admin.address.isLoopback, "the admin door is open to others")
            demand(mode == .serving || configuration.identity.jwt.isEmpty, "development mode believes others")
            demand(mode == .development || !configuration.identity.jwt.isEmpty, "nobody could enter")
        case .failure(let faults):
            demand(!faults.all.isEmpty && faults.all.count <= Reading.most, "\(faults.all.count) faults")
            for fault in faults.all {
                let told = fault.description + (fault.hint ?? "")
                demand(!told.utf8.contains { $0 < 0x20 || $0 == 0x7f }, "a fault holds a control character")
            }
        }
    }
}

private enum Outcome: Equatable {
    case success(Configuration)
    case failure(Configuration.Faults)

    static func == (left: Outcome, right: Outcome) -> Bool {
        switch (left, right) {
        case (.success(let left), .success(let right)): left == right
        case (.failure(let left), .failure(let right)): left.all == right.all
        default: false
        }
    }
}

private let surroundings = Configuration.Surroundings(
    variables: ["OPENAI_API_KEY": "key", "KEY": "key"],
    read: { _, _ in nil },
    look: { $0.utf8.count.isMultiple(of: 7) ? .missing : .file }
)

private func read(_ bytes: [UInt8], _ mode: Configuration.Mode) -> Outcome {
    do throws(Configuration.Faults) {
        return .success(
            try Configuration.read(bytes, file: "folder/ostiary.yaml", mode: mode, surroundings: surroundings)
        )
    } catch {
        return .failure(error)
    }
}
