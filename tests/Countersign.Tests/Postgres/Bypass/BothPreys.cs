using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Bypass;

/// <summary>
/// One prey whose sessions may write by themselves and one whose sessions may not, for a class of tests that leave both
/// as they are.
/// </summary>
public sealed class BothPreys(PostgresServer server) : IAsyncLifetime
{
    private Prey? _open;
    private Prey? _guarded;

    public async ValueTask InitializeAsync()
    {
        _open = await Prey.SetAsync(server, mayWrite: true);
        _guarded = await Prey.SetAsync(server, mayWrite: false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var prey in (Prey?[])[_open, _guarded])
        {
            await (prey?.DisposeAsync() ?? default);
        }
    }

    internal Prey Of(bool mayWrite) =>
        (mayWrite ? _open : _guarded) ?? throw new InvalidOperationException("The traps are not set yet.");
}
