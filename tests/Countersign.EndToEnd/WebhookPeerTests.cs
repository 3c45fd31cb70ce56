using System.Net;
using System.Text.Json;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>
/// Deliveries of the built product before receivers that others wrote, or copied from our page: the library of Standard
/// Webhooks, and the two programs of the how-to as they stand there.
/// </summary>
public sealed class WebhookPeerTests : IAsyncLifetime
{
    private WebhookWorld _world = null!;
    private Bench _bench = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _world = await WebhookWorld.StartAsync(Cancel);
        _bench = await Bench.StartAsync(
            new ProductOptions
            {
                More = $"channels: {{ {_world.Configuration} }}",
                Environment = new Dictionary<string, string> { ["WEBHOOK_SECRET"] = WebhookWorld.Secret },
            },
            Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        await _world.DisposeAsync();
    }

    [Theory]
    [InlineData("js", "node")]
    [InlineData("python", "python3")]
    [Trait("Threat", "THR-096"), Trait("CWE", "345")]
    public async Task A_receiver_of_the_page_takes_what_we_send_once_and_nothing_else(string language, string program)
    {
        var held = await _bench.Agent.AskAsync("ops", "restart_service", "{}", Cancel);
        var delivery = await _world.NextAsync(Cancel);
        using var folder = new PageProgram(language);
        await using var receiver = RunningProgram.Start(new ProgramOptions(
            program == "node" ? Repository.NodeProgram("node") : program, folder.File)
        {
            Environment = new Dictionary<string, string> { ["WEBHOOK_SECRET"] = WebhookWorld.Secret, ["PORT"] = "0" },
        });
        var address = new Uri($"http://127.0.0.1:{(await NextAsync(receiver)).Split(' ')[^1]}/");

        var good = await delivery.SendAsync(address, Cancel);
        var handled = await NextAsync(receiver);
        var repeated = await delivery.SendAsync(address, Cancel);
        var refused = new[]
        {
            delivery.Altered,
            delivery with { Id = delivery.Id + "0" },
            delivery with { Signature = "v1,AAAA" },
            delivery with { Signature = "" },
            WebhookWorld.SignAt(delivery, -301),
            WebhookWorld.SignAt(delivery, 330),
        };

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (good, repeated));
        Assert.Equal($"review.changed {held.Id} pending", handled);
        foreach (var each in refused)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await each.SendAsync(address, Cancel));
        }

        // The repeat said nothing: the next line is that of the next event.
        await _bench.Alice.VoteAsync(held.Id!, "deny", held.Digest!, Cancel);
        await (await _world.NextAsync(Cancel)).SendAsync(address, Cancel);
        Assert.Equal($"review.changed {held.Id} denied", await NextAsync(receiver));
    }

    [Fact]
    [Trait("Threat", "THR-096"), Trait("CWE", "345")]
    public async Task The_library_of_the_specification_verifies_what_we_send_and_nothing_else()
    {
        await _bench.Agent.AskAsync("ops", "restart_service", "{}", Cancel);
        var delivery = await _world.NextAsync(Cancel);

        Assert.Equal("ok", await JudgeAsync(delivery, WebhookWorld.Secret));
        Assert.Equal("ok", await JudgeAsync(WebhookWorld.SignAt(delivery, secondsAway: 0), WebhookWorld.Secret));
        Assert.NotEqual("ok", await JudgeAsync(delivery.Altered, WebhookWorld.Secret));
        Assert.NotEqual("ok", await JudgeAsync(WebhookWorld.SignAt(delivery, secondsAway: -301), WebhookWorld.Secret));
        Assert.NotEqual("ok", await JudgeAsync(delivery, "whsec_" + Convert.ToBase64String(new byte[32])));
    }

    private static async Task<string> JudgeAsync(WebhookDelivery delivery, string secret)
    {
        await using var judge = RunningProgram.Start(new ProgramOptions(
            Repository.NodeProgram("node"), Path.Combine("scripts", "webhook-verify.mjs"), secret)
        {
            WorkingDirectory = Repository.Node,
        });
        await judge.WriteLineAsync(
            JsonSerializer.Serialize(new { headers = delivery.Headers, body = Convert.ToBase64String(delivery.Body) }),
            Cancel);
        judge.CloseInput();
        return await NextAsync(judge);
    }

    private static async Task<string> NextAsync(RunningProgram program) =>
        await program.ReadLineAsync(Cancel).WaitAsync(Limits.Soon, Cancel)
        ?? throw new InvalidOperationException(program.Errors);

    /// <summary>The one program in a language that the page shows, in a file of its own.</summary>
    private sealed class PageProgram : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("countersign-receiver-");

        public PageProgram(string language)
        {
            var page = System.IO.File.ReadAllText(
                Path.Combine(Repository.Root, "docs", "how-to", "receive-webhooks.md"));
            var text = page.Split($"\n```{language}\n")[1].Split("\n```")[0];
            File = Path.Combine(_folder.FullName, language == "js" ? "receiver.mjs" : "receiver.py");
            System.IO.File.WriteAllText(File, text + "\n");
        }

        public string File { get; }

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
