namespace Countersign.Tests.Postgres.Support;

/// <summary>Two servers of which one follows the other, for a class of tests that also stop them.</summary>
public sealed class PrimaryAndStandby : IDisposable
{
    private readonly Lazy<RunningPostgres> _primary = new(RunningPostgres.Start);
    private readonly Lazy<RunningPostgres> _standby;

    public PrimaryAndStandby() => _standby = new(() => _primary.Value.StartStandby());

    internal RunningPostgres Primary => _primary.Value;

    internal RunningPostgres Standby => _standby.Value;

    public void Dispose()
    {
        foreach (var server in (Lazy<RunningPostgres>[])[_standby, _primary])
        {
            if (server.IsValueCreated)
            {
                server.Value.Stop();
            }
        }
    }
}
