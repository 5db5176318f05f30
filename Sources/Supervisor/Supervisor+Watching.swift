import OstiaryCore

extension Supervisor {
    /// What a start comes to.
    enum Readiness: Sendable {
        case ready
        case ended(Ending)
        case not(SupervisorFault)
    }

    /// Returns when the child is ready, has ended, or has taken too long; `nil` when the task is cancelled first.
    /// - Parameter former: the one that it takes the place of, which may listen on the port until then.
    func readiness(
        of child: any ChildProcess,
        _ plan: ChildPlan,
        _ port: UInt16?,
        besides former: (any ChildProcess)? = nil
    ) async -> Readiness? {
        guard let asked = plan.port, let port else { return .ready }
        let clock = clock
        let probe = probe
        return await withTaskGroup(of: Readiness?.self) { group in
            group.addTask { await child.ended().map { .ended($0) } }
            group.addTask {
                (try? await clock.sleep(seconds: asked.startLimit)).map {
                    .not(.startTimeout(seconds: asked.startLimit))
                }
            }
            group.addTask {
                repeat {
                    switch child.listener(on: port) {
                    case .nobody: break
                    // Whoever that is answers in the child's place, and would be given its callers.
                    case .somebodyElse:
                        guard former?.listener(on: port) == .child else { return .not(.foreignListener(port)) }
                    case .child: if await probe.answers(port: port, path: asked.health) { return .ready }
                    }
                } while (try? await clock.sleep(seconds: 0.1)) != nil
                return nil
            }
            for await readiness in group {
                guard let readiness else { continue }
                group.cancelAll()
                return readiness
            }
            return nil
        }
    }

    /// Returns when the child has ended, does not answer any more, or is too large; `nil` when the task is cancelled
    /// first.
    func trouble(of child: any ChildProcess, _ plan: ChildPlan, _ port: UInt16?) async -> ChildEnd? {
        let clock = clock
        let probe = probe
        return await withTaskGroup(of: ChildEnd?.self) { group in
            group.addTask { await child.ended().map { .ended($0) } }
            if let asked = plan.port, let port {
                group.addTask {
                    var misses = 0
                    while (try? await clock.sleep(seconds: asked.interval)) != nil {
                        misses = await probe.answers(port: port, path: asked.health) ? 0 : misses + 1
                        if misses >= asked.misses { return .unhealthy(misses: misses) }
                    }
                    return nil
                }
            }
            if let limit = plan.limits.memory {
                group.addTask {
                    while (try? await clock.sleep(seconds: 1)) != nil {
                        if let bytes = child.memory(), bytes > limit {
                            return .tooLarge(bytes: bytes, limit: limit)
                        }
                    }
                    return nil
                }
            }
            for await end in group {
                guard let end else { continue }
                group.cancelAll()
                return end
            }
            return nil
        }
    }
}
