using System.Net;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>Slack's own packages judge what we send and how we check what we get.</summary>
public sealed class SlackPeerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Golden =>
        Path.Combine(Repository.Root, "tests", "Countersign.Tests", "Channels", "Slack", "Golden");

    [Fact]
    public async Task Every_payload_has_the_types_of_slack_types()
    {
        var files = Directory.GetFiles(Golden, "*.json");
        using var folder = new TypesFolder();
        foreach (var file in files)
        {
            folder.Write(Path.GetFileNameWithoutExtension(file), await File.ReadAllTextAsync(file, Cancel));
        }

        var checkedTypes = await folder.CheckAsync(Cancel);

        Assert.True(files.Length > 5);
        Assert.True(checkedTypes.ExitCode == 0, checkedTypes.ToString());
    }

    [Fact]
    public async Task The_types_refuse_a_payload_that_is_wrong()
    {
        (string Of, string Right, string Wrong)[] changes =
        [
            ("open", "\"primary\"", "\"important\""), ("glass-broken", "\"text\":", "\"words\":"),
            ("link-reply", "\"ephemeral\"", "\"secret\""), ("wrong-answer", "\"errors\": {", "\"wrongs\": {"),
            ("stopped-answer", "\"plain_text\"", "\"plain\""), ("deny-modal", "\"modal\"", "\"form\""),
        ];
        using var folder = new TypesFolder();
        foreach (var (of, right, wrong) in changes)
        {
            var text = await File.ReadAllTextAsync(Path.Combine(Golden, of + ".json"), Cancel);
            folder.Write($"bad-{of}", text.Replace(right, wrong, StringComparison.Ordinal));
        }

        var found = await folder.CheckAsync(Cancel);

        Assert.NotEqual(0, found.ExitCode);
        Assert.All(changes, change => Assert.Contains($"bad-{change.Of}.ts", found.Output, StringComparison.Ordinal));
    }

    /// <summary>Bolt does not look at times ahead; everything else is judged alike.</summary>
    [Theory]
    [InlineData(0, SlackWorld.Secret, true, true)]
    [InlineData(-290, SlackWorld.Secret, true, true)]
    [InlineData(-310, SlackWorld.Secret, false, false)]
    [InlineData(0, "another secret", false, false)]
    [InlineData(3600, SlackWorld.Secret, true, false)]
    public async Task Bolt_and_we_accept_the_same_signatures_but_for_times_ahead(
        int secondsAway, string secret, bool boltAccepts, bool weAccept)
    {
        await using var slack = await SlackWorld.StartAsync(Cancel);
        await using var product = await Product.StartAsync(
            new ProductOptions { More = slack.Configuration, Environment = SlackWorld.Variables }, Cancel);
        await using var bolt = RunningProgram.Start(new ProgramOptions(
            Repository.NodeProgram("node"), Path.Combine("scripts", "slack-bolt.mjs"), SlackWorld.Secret)
        {
            WorkingDirectory = Repository.Node,
        });
        var line = await bolt.ReadLineAsync(Cancel).WaitAsync(Limits.Soon, Cancel);
        var peer = new Uri($"http://127.0.0.1:{line ?? throw new InvalidOperationException(bolt.Errors)}/");
        var payload = slack.Press("U0ALICE", "open", "");

        var theirs = await slack.SendAsync(peer, payload, secondsAway, secret, Cancel);
        var ours = await slack.SendAsync(product.Address, payload, secondsAway, secret, Cancel);

        Assert.Equal(boltAccepts ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, theirs);
        Assert.Equal(weAccept ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, ours);
    }

    /// <summary>A folder below the npm packages, where the compiler finds the types.</summary>
    private sealed class TypesFolder : IDisposable
    {
        private const string Message =
            "{ channel: string; text: string; parse: string; link_names: boolean; mrkdwn: boolean; " +
            "unfurl_links: boolean; unfurl_media: boolean; blocks: KnownBlock[] }";

        /// <summary>What goes to a response_url; the library has types for its blocks only.</summary>
        private const string Reply =
            "{ response_type: 'ephemeral'; replace_original: boolean; text: string; blocks: KnownBlock[] }";

        /// <summary>What a submitted view may be answered with ("Modals: response_action").</summary>
        private const string Answer =
            "{ response_action: 'errors'; errors: { [block: string]: string } } | " +
            "{ response_action: 'update'; view: ModalView }";

        private readonly DirectoryInfo _folder = Directory.CreateDirectory(
            Path.Combine(Repository.Node, "node_modules", ".countersign", Path.GetRandomFileName()));

        public void Write(string name, string json)
        {
            var type = name.Split('-')[^1] switch
            {
                "modal" => "ModalView",
                "reply" => Reply,
                "answer" => Answer,
                _ => Message,
            };
            File.WriteAllText(
                Path.Combine(_folder.FullName, name + ".ts"),
                $"import type {{ KnownBlock, ModalView }} from '@slack/types';\n" +
                $"export const payload: {type} = {json};\nexport type Known = [KnownBlock, ModalView];\n");
        }

        public Task<ProgramResult> CheckAsync(CancellationToken cancellationToken) => RunningProgram.RunAsync(
            new ProgramOptions(
                Repository.NodeProgram("tsc"),
                [
                    "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022",
                    "--module", "nodenext", "--moduleResolution", "nodenext",
                    .. Directory.GetFiles(_folder.FullName, "*.ts"),
                ]),
            cancellationToken);

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
