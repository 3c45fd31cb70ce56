using Countersign.Core.Records;
using Countersign.Tests.Support;

namespace Countersign.Tests.Console;

/// <summary>Lists stay honest when there is more than a page of them.</summary>
public sealed class QueueTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Reviews_that_a_person_may_not_see_never_crowd_out_those_they_may()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        var waiting = await AskAsync(host, new Ask());
        for (var i = 0; i < 520; i++)
        {
            await AskAsync(host, new Ask { Target = "vault", Operation = $"read_{i}" });
        }

        using var dora = await host.OpenForAsync("dora");
        var page = await dora.ReadAsync("/console");

        Assert.Contains($"/console/actions/{waiting.Id}", page);
        Assert.DoesNotContain("read_", page);
    }

    [Fact]
    public async Task One_agent_at_its_limit_does_not_hide_what_others_asked()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        var waiting = await AskAsync(host, new Ask());
        for (var i = 0; i < 300; i++)
        {
            await AskAsync(host, new Ask { Operation = $"read_{i}" });
        }

        using var bob = await host.OpenForAsync("bob");

        Assert.Contains($"/console/actions/{waiting.Id}", await bob.ReadAsync("/console"));
    }

    [Fact]
    public async Task What_ended_is_found_behind_what_has_not()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        var ended = await AskAsync(host, new Ask());
        using var bob = await host.OpenForAsync("bob");
        await bob.VoteAsync(ended.Id.Value, "deny");
        for (var i = 0; i < 120; i++)
        {
            await AskAsync(host, new Ask { Operation = $"read_{i}" });
        }

        Assert.Contains($"/console/actions/{ended.Id}", await bob.ReadAsync("/console/history"));
    }

    [Fact]
    public async Task First_time_is_not_said_of_an_agent_whose_past_was_not_read_to_its_end()
    {
        await using var host = await ConsoleHost.StartAsync(_time);
        await AskAsync(host, new Ask { Arguments = "{\"table\":\"customers\"}" });
        for (var i = 0; i < 110; i++)
        {
            await AskAsync(host, new Ask { Operation = $"read_{i}" });
        }

        var record = await AskAsync(host, new Ask());
        using var bob = await host.OpenForAsync("bob");

        Assert.DoesNotContain("First time?", await bob.ReadAsync($"/console/actions/{record.Id}"));
    }

    /// <summary>Ids of one millisecond are in no order; here each request has its own.</summary>
    private Task<ActionRecord> AskAsync(ConsoleHost host, Ask ask)
    {
        _time.Advance(TimeSpan.FromMilliseconds(1));
        return host.AskAsync(ask);
    }
}
