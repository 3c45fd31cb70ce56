using System.Net;

namespace Countersign.Tests.Console;

public sealed class LiveTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_page_is_woken_when_something_changes_and_fetches_what_it_may_see()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        using var events = await OpenAsync(bob, "/console/events");
        Assert.Equal("connected", await events.NextAsync());

        var record = await host.AskAsync(new Ask { Operation = "reindex" });

        Assert.Equal("changed", await events.NextAsync());
        var fragment = await bob.ReadAsync("/console/fragments/queue");
        Assert.Contains($"href=\"/console/actions/{record.Id}\"", fragment);
        Assert.DoesNotContain("<html", fragment);
    }

    [Fact]
    public async Task The_page_of_one_action_is_woken_by_that_action_only()
    {
        await using var host = await ConsoleHost.StartAsync();
        var watched = await host.AskAsync(new Ask());
        using var bob = await host.OpenForAsync("bob");
        using var carol = await host.OpenForAsync("carol");
        using var events = await OpenAsync(bob, $"/console/events?action={watched.Id}");
        Assert.Equal("connected", await events.NextAsync());

        var other = await host.AskAsync(new Ask { Operation = "other" });
        await carol.VoteAsync(watched.Id.Value, "deny");

        Assert.Equal("changed", await events.NextAsync());
        var fragment = await bob.ReadAsync($"/console/fragments/actions/{watched.Id}");
        Assert.Contains("Denied by carol.", fragment);
        Assert.DoesNotContain(other.Id.Value, fragment);
    }

    [Fact]
    public async Task The_stream_says_so_when_its_session_is_over()
    {
        await using var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        using var events = await OpenAsync(bob, "/console/events");
        Assert.Equal("connected", await events.NextAsync());
        using var left = await bob.PostAsync("/console/sign-out", ("form_token", await bob.FormTokenAsync()));

        await host.AskAsync(new Ask());

        Assert.Equal("changed", await events.NextAsync());
        Assert.Equal("signed out", await events.NextAsync());
    }

    [Fact]
    public async Task A_stopping_server_does_not_wait_for_its_streams()
    {
        var host = await ConsoleHost.StartAsync();
        using var bob = await host.OpenForAsync("bob");
        using var events = await OpenAsync(bob, "/console/events");
        Assert.Equal("connected", await events.NextAsync());

        await host.DisposeAsync();

        Assert.Null(await events.NextAsync());
    }

    private static async Task<Events> OpenAsync(Browser browser, string path)
    {
        var answer = await browser.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        return new Events(answer, new StreamReader(await answer.Content.ReadAsStreamAsync(Cancellation)));
    }

    /// <summary>Reads the events of a stream as a browser does.</summary>
    private sealed class Events(HttpResponseMessage answer, StreamReader reader) : IDisposable
    {
        private const string Field = "data: ";

        /// <summary>The next event's content; <c>null</c> at the end of the stream.</summary>
        public async Task<string?> NextAsync()
        {
            while (await reader.ReadLineAsync(Cancellation) is { } line)
            {
                if (line.StartsWith(Field, StringComparison.Ordinal))
                {
                    return line[Field.Length..];
                }
            }

            return null;
        }

        public void Dispose()
        {
            reader.Dispose();
            answer.Dispose();
        }
    }
}
