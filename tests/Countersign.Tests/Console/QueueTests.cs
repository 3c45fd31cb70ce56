namespace Countersign.Tests.Console;

/// <summary>Lists stay honest when there is more than a page of them.</summary>
public sealed class QueueTests
{
    [Fact]
    public async Task Reviews_that_a_person_may_not_see_never_crowd_out_those_they_may()
    {
        await using var host = await ConsoleHost.StartAsync();
        var waiting = await host.AskAsync(new Ask());
        for (var i = 0; i < 520; i++)
        {
            await host.AskAsync(new Ask { Target = "vault", Operation = $"read_{i}" });
        }

        using var dora = await host.OpenForAsync("dora");
        var page = await dora.ReadAsync("/console");

        Assert.Contains($"/console/actions/{waiting.Id}", page);
        Assert.DoesNotContain("read_", page);
    }

    [Fact]
    public async Task One_agent_at_its_limit_does_not_hide_what_others_asked()
    {
        await using var host = await ConsoleHost.StartAsync();
        var waiting = await host.AskAsync(new Ask());
        for (var i = 0; i < 300; i++)
        {
            await host.AskAsync(new Ask { Operation = $"read_{i}" });
        }

        using var bob = await host.OpenForAsync("bob");

        Assert.Contains($"/console/actions/{waiting.Id}", await bob.ReadAsync("/console"));
    }

    [Fact]
    public async Task What_ended_is_found_behind_what_has_not()
    {
        await using var host = await ConsoleHost.StartAsync();
        var ended = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        await bob.VoteAsync(ended.Id.Value, "deny");
        for (var i = 0; i < 120; i++)
        {
            await host.AskAsync(new Ask { Operation = $"read_{i}" });
        }

        Assert.Contains($"/console/actions/{ended.Id}", await bob.ReadAsync("/console/history"));
    }

    [Fact]
    public async Task First_time_is_not_said_of_an_agent_whose_past_was_not_read_to_its_end()
    {
        await using var host = await ConsoleHost.StartAsync();
        await host.AskAsync(new Ask { Arguments = "{\"table\":\"customers\"}" });
        for (var i = 0; i < 110; i++)
        {
            await host.AskAsync(new Ask { Operation = $"read_{i}" });
        }

        var record = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");

        Assert.DoesNotContain("First time?", await bob.ReadAsync($"/console/actions/{record.Id}"));
    }
}
