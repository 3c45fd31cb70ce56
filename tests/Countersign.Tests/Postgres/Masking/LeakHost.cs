using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Tests.Postgres.Support;

namespace Countersign.Tests.Postgres.Masking;

/// <summary>The gate before the database of <see cref="LeakShop"/>.</summary>
internal static class LeakHost
{
    public static TargetRedaction Redaction { get; } = new(
        Values: null,
        FieldRules.Of([.. LeakShop.Columns.Select(column => new FieldRule.Column(column, Treatment.Redact))]));

    /// <summary>Sessions are a superuser's, so that no missing right stands in the way either.</summary>
    public static async Task<PostgresHost> StartAsync(PostgresServer server)
    {
        var host = await PostgresHost.StartAsync(server, LeakShop.AllowAll, LeakShop.SetUp, isStatic: true);
        host.Redaction = Redaction;
        return host;
    }
}
