using System.Collections.Immutable;
using System.Text;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;
using Countersign.Tests.Postgres.Masking;

namespace Countersign.EndToEnd;

/// <summary>
/// A value in a masked column is in no byte that the built binary sends to psql and to the drivers that most programs
/// use, whichever way of the leak catalogue they go: as text and in binary, by cursors and portals, with
/// statements that they prepared and do not describe again.
/// </summary>
public sealed class MaskedDriverTests(LeakDatabase leaks) : IClassFixture<LeakDatabase>, IAsyncLifetime
{
    public static TheoryData<string> Clients =>
    [
        LeakClients.Psql, LeakClients.NpgsqlDriver, DatabaseDriver.NodePostgres, DatabaseDriver.PostgresJs,
        DatabaseDriver.PgJdbc,
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await leaks.StartAsync(Cancel);

    public ValueTask DisposeAsync() => default;

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task No_way_of_the_catalogue_brings_a_masked_value(string client)
    {
        var wrong = new List<string>();
        foreach (var (way, name, heard) in await HearAsync(client, "masked", LeakClients.ModesOf(client)))
        {
            if (Canary.FindIn(heard) is { } form)
            {
                wrong.Add($"{name}: leaks {form}");
            }
            else if (way.End == LeakEnd.Shows && !IsVisible(heard))
            {
                wrong.Add($"{name}: does not show what is not masked: {Encoding.Latin1.GetString(heard)}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>What the clients do, and the search for the value, are what is tested here.</summary>
    [Theory]
    [MemberData(nameof(Clients))]
    public async Task Without_masks_nearly_every_way_of_the_catalogue_brings_the_value(string client)
    {
        var quiet = (await HearAsync(client, "open", LeakClients.ModesOf(client)[..1]))
            .Where(one => !LeakWays.Quiet.Contains(one.Way.Name) && Canary.FindIn(one.Heard) is null)
            .Where(one => one.Way.Name != LeakWays.SeveralInOne || client != DatabaseDriver.NodePostgres)
            .Select(one => one.Name);

        Assert.True(!quiet.Any(), string.Join('\n', quiet));
    }

    private static bool IsVisible(byte[] heard) =>
        heard.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Canary.Visible)) >= 0;

    private async Task<IReadOnlyList<(LeakWay Way, string Name, byte[] Heard)>> HearAsync(
        string client, string target, ImmutableArray<string> modes)
    {
        var ways = modes
            .SelectMany(mode => LeakClients.WaysOf(client), (mode, way) => (Way: way, Name: $"{way} ({mode})"))
            .ToArray();
        var heard = (await leaks.HearAsync(client, target, modes, Cancel)).Skip(LeakClients.Before(client)).ToArray();
        Assert.Equal(ways.Length, heard.Length);
        return [.. ways.Zip(heard, (one, bytes) => (one.Way, one.Name, bytes))];
    }
}
