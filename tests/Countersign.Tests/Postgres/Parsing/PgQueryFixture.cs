using System.Text;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Tests.Postgres.Parsing;

/// <summary>
/// libpg_query in a real child process: the server's own executable beside the tests. Without the library tests are
/// skipped, except on CI.
/// </summary>
public sealed class PgQueryFixture : IAsyncDisposable
{
    private readonly Lazy<PgQuery> _query = new(() => new PgQuery(Options(), TimeProvider.System));

    internal PgQuery Query => _query.Value;

    internal static PgQueryOptions Options()
    {
        var library = PgQueryLibrary.Find(Environment.GetEnvironmentVariable);
        if (library is null)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", PgQueryLibrary.Missing);
            throw new InvalidOperationException(PgQueryLibrary.Missing);
        }

        return new PgQueryOptions(Path.Combine(AppContext.BaseDirectory, "countersign"), library)
        {
            // A busy machine may take long to start a process.
            Time = TimeSpan.FromSeconds(60),
        };
    }

    internal Task<PgQueryAnswer> AskAsync(PgQueryVerb verb, string text) =>
        Query.AskAsync(verb, Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => _query.IsValueCreated ? Query.DisposeAsync() : ValueTask.CompletedTask;
}
