using System.Net;
using System.Text;
using System.Text.Json;
using Countersign.Server.Cli.Hook;

namespace Countersign.Tests.Cli.Hook;

/// <summary>Whatever goes wrong, every coding agent gets the form in which it blocks, and nothing beside it.</summary>
public sealed class HookBlockTests
{
    private const string Away = "GET or POST of a server that is away";

    private static readonly string[] s_ends =
    [
        "denied", "refused", "expired", "withdrawn", "superseded", "executing", "succeeded", "failed", "unknown",
    ];

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(585);

    public static TheoryData<string> Hosts => [.. HookHost.All.Select(host => host.Name)];

    public static TheoryData<string, string> StatesThatEnd
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var host in HookHost.All)
            {
                foreach (var state in s_ends)
                {
                    data.Add(host.Name, state);
                }
            }

            return data;
        }
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(StatesThatEnd))]
    public async Task An_action_that_ended_without_a_permit_blocks(string host, string state)
    {
        using var server = new PlayedPermits();
        server.States.Clear();
        server.States.Enqueue(state);
        using var bench = new HookBench { Server = server };

        var reason = AssertBlocks(host, await bench.RunAsync(host, Told.By(host), Cancelled));

        Assert.Contains(PlayedPermits.Id, reason, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Paths, path => path.EndsWith("/claim", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_denial_says_rule_and_comments_in_one_line(string host)
    {
        using var server = new PlayedPermits
        {
            Spoil = action => action["review"]!["votes"]![0]!["comment"] = "not\ntoday\u001b[2J",
        };
        server.States.Clear();
        server.States.Enqueue("denied");
        using var bench = new HookBench { Server = server };

        var reason = AssertBlocks(host, await bench.RunAsync(host, Told.By(host), Cancelled));

        Assert.Contains("shell: A person looks at it.", reason, StringComparison.Ordinal);
        Assert.Contains("alice says: not", reason, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_server_that_is_away_blocks(string host)
    {
        using var server = new PlayedPermits
        {
            Instead = { ["POST /v1/actions"] = () => throw new HttpRequestException(Away) },
        };
        using var bench = new HookBench { Server = server, Time = new HookTime(s_deadline) };

        var reason = AssertBlocks(host, await bench.RunAsync(host, Told.By(host), Cancelled));

        Assert.Contains("cannot be reached", reason, StringComparison.Ordinal);
        Assert.True(server.Calls.Count > 1, "It was not asked again.");
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "does not know the hook's token")]
    [InlineData(HttpStatusCode.Forbidden, "what is wrong")]
    [InlineData(HttpStatusCode.NotFound, "what is wrong")]
    [InlineData(HttpStatusCode.BadRequest, "what is wrong")]
    [InlineData(HttpStatusCode.TooManyRequests, "what is wrong")]
    [InlineData(HttpStatusCode.InternalServerError, "what is wrong")]
    [InlineData(HttpStatusCode.Found, "what is wrong")]
    public async Task A_refusal_of_the_server_blocks_with_its_words(HttpStatusCode status, string words)
    {
        foreach (var host in Hosts)
        {
            using var server = new PlayedPermits
            {
                Instead = { ["POST /v1/actions"] = () => PlayedPermits.Problem(status, "what is wrong") },
            };
            using var bench = new HookBench { Server = server };

            var reason = AssertBlocks(host, await bench.RunAsync(host, Told.By(host), Cancelled));

            Assert.Contains(words, reason, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("""{"state":"approved"}""")]
    [InlineData("""{"state":"approved","state":"approved"}""")]
    [InlineData("""{"state":true}""")]
    public async Task An_answer_that_is_none_blocks(string answer)
    {
        foreach (var host in Hosts)
        {
            using var server = new PlayedPermits
            {
                Instead = { ["POST /v1/actions"] = () => PlayedPermits.Raw(HttpStatusCode.OK, answer) },
            };
            using var bench = new HookBench { Server = server };

            AssertBlocks(host, await bench.RunAsync(host, Told.By(host), Cancelled));
        }
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_permit_that_somebody_else_claimed_blocks_and_leaves_no_note(string host)
    {
        using var server = new PlayedPermits
        {
            Instead =
            {
                [$"POST /v1/actions/{PlayedPermits.Id}/claim"] =
                    () => PlayedPermits.Problem(HttpStatusCode.Conflict, "Somebody claimed it before."),
            },
        };
        using var bench = new HookBench { Server = server };

        var reason = AssertBlocks(host, await bench.RunAsync(host, Told.By(host), Cancelled));

        Assert.Contains("Somebody claimed it before.", reason, StringComparison.Ordinal);
        Assert.Empty(bench.Notes);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task The_deadline_blocks_a_held_call_and_says_how_to_go_on(string host)
    {
        var time = new HookTime(s_deadline);
        using var server = new PlayedPermits { Stuck = new TaskCompletionSource() };
        server.States.Clear();
        server.States.Enqueue("pending");
        using var bench = new HookBench { Server = server, Time = time };

        var running = bench.RunAsync(host, Told.By(host), Cancelled);
        await server.Stuck.Task.WaitAsync(Cancelled);
        time.EndDeadline();

        var reason = AssertBlocks(host, await running);
        Assert.StartsWith($"PENDING APPROVAL {PlayedPermits.Id}: not executed.", reason, StringComparison.Ordinal);
        Assert.Contains("http://server/console/actions/1", reason, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_signal_blocks(string host)
    {
        using var stop = new CancellationTokenSource();
        using var bench = new HookBench();
        await using var told = new SilentStream();

        var running = bench.RunAsync(HookBench.OptionsOf(host), told, stop.Token);
        await stop.CancelAsync();

        Assert.Contains("stopped", AssertBlocks(host, await running), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("""{"hook_event_name":"Another","tool_name":"x","tool_input":{}}""")]
    public async Task Input_that_is_none_blocks(string told)
    {
        foreach (var host in Hosts)
        {
            using var bench = new HookBench();

            AssertBlocks(host, await bench.RunAsync(host, told, Cancelled));
            Assert.Empty(bench.Server.Calls);
        }
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_name_that_stands_twice_blocks(string host)
    {
        using var bench = new HookBench();
        const string Folder = "\"cwd\":\"/src\"";
        var told = Told.By(host).Replace(Folder, $"\"cwd\":\"/a\",{Folder}", StringComparison.Ordinal);
        Assert.NotEqual(told, Told.By(host));

        AssertBlocks(host, await bench.RunAsync(host, told, Cancelled));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task Input_without_end_blocks(string host)
    {
        using var bench = new HookBench();
        using var told = new MemoryStream(Encoding.UTF8.GetBytes(new string(' ', HookInput.MaxBytes + 1)));

        var reason = AssertBlocks(host, await bench.RunAsync(HookBench.OptionsOf(host), told, Cancelled));

        Assert.Contains("larger than", reason, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task An_exception_of_any_kind_blocks(string host)
    {
        using var server = new PlayedPermits
        {
            Instead = { ["POST /v1/actions"] = () => throw new NotSupportedException() },
        };
        using var bench = new HookBench { Server = server };

        var reason = AssertBlocks(host, await bench.RunAsync(host, Told.By(host), Cancelled));

        Assert.Contains("NotSupportedException", reason, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_time_limit_that_leaves_no_time_blocks(string host)
    {
        using var bench = new HookBench();
        var options = HookBench.OptionsOf(host) with { Timeout = TimeSpan.FromSeconds(16) };

        AssertBlocks(
            host, await bench.RunAsync(options, new MemoryStream(Encoding.UTF8.GetBytes(Told.By(host))), Cancelled));
    }

    /// <summary>The exact form, which the agents' tables of failures were measured with.</summary>
    internal static string AssertBlocks(string host, HookOutput answer)
    {
        switch (host)
        {
            case "cursor":
                Assert.Equal((0, ""), (answer.ExitCode, answer.Errors));
                var denial = JsonElement.Parse(answer.Output);
                Assert.Equal("deny", denial.GetProperty("permission").GetString());
                Assert.Equal(
                    denial.GetProperty("user_message").GetString(), denial.GetProperty("agent_message").GetString());
                return denial.GetProperty("user_message").GetString()!;
            case "copilot":
                var decision = JsonElement.Parse(answer.Output);
                Assert.Equal("deny", decision.GetProperty("permissionDecision").GetString());
                var reason = decision.GetProperty("permissionDecisionReason").GetString()!;
                Assert.Equal((2, reason + "\n"), (answer.ExitCode, answer.Errors));
                return reason;
            default:
                Assert.Equal((2, ""), (answer.ExitCode, answer.Output));
                var line = Assert.Single(answer.Errors.TrimEnd('\n').Split('\n'));
                Assert.NotEmpty(line.Trim());
                Assert.DoesNotContain(line, char.IsControl);
                Assert.DoesNotContain("{", line[..1], StringComparison.Ordinal);
                return line;
        }
    }

    /// <summary>An agent that says nothing as long as it lives.</summary>
    private sealed class SilentStream : MemoryStream
    {
        private readonly ManualResetEventSlim _ended = new();

        public override int Read(byte[] buffer, int offset, int count)
        {
            _ended.Wait();
            return 0;
        }

        protected override void Dispose(bool disposing)
        {
            _ended.Set();
            base.Dispose(disposing);
        }
    }
}
