using Countersign.Core.Storage;

namespace Countersign.Server.Hosting;

/// <summary>
/// Asks the store whether it can commit, once for all who ask meanwhile: each question is a commit of its own, and
/// those who ask need no token.
/// </summary>
internal sealed class StoreProbe(IStore store)
{
    private readonly Lock _gate = new();

    // Guarded by _gate.
    private Lazy<Task<string?>>? _latest;

    /// <summary>Why the store cannot commit; <c>null</c> when it can.</summary>
    public Task<string?> AskAsync(CancellationToken cancellationToken) =>
        JoinOrBegin().Value.WaitAsync(cancellationToken);

    private Lazy<Task<string?>> JoinOrBegin()
    {
        lock (_gate)
        {
            // Nobody's own cancellation: whoever leaves must not take the answer from the others.
            return _latest is { } latest && !(latest.IsValueCreated && latest.Value.IsCompleted)
                ? latest
                : _latest = new Lazy<Task<string?>>(
                    async () => await store.WhyUnavailableAsync(CancellationToken.None));
        }
    }
}
