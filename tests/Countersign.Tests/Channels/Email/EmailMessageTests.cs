using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Server.Channels.Email;
using Countersign.Tests.Console;
using FsCheck;
using FsCheck.Fluent;
using MimeKit;

namespace Countersign.Tests.Channels.Email;

/// <summary>What a mail says, and that nothing of it can be turned into something else.</summary>
public sealed partial class EmailMessageTests : IAsyncLifetime
{
    private const int LongestLine = 998;

    /// <summary>All that a mail of ours has; another one would have been injected.</summary>
    private static readonly string[] s_headers =
    [
        "From", "Date", "Subject", "Message-Id", "To", "In-Reply-To", "References", "Auto-Submitted", "MIME-Version",
        "Content-Type",
    ];

    private EmailHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await EmailHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_mail_says_enough_to_know_whether_to_hurry_and_nothing_more()
    {
        var asked = await _host.AskToldAsync();

        var mail = Assert.Single(_host.Smtp.Taken);
        Assert.Equal("[production] Review: Call tool drop_table on ops", mail.Mime.Subject);
        Assert.Equal("auto-generated", mail.Mime.Headers[HeaderId.AutoSubmitted]);
        Assert.Equal(_host.Time.GetUtcNow(), mail.Mime.Date);
        Assert.Equal("\"Bob Sawyer\" <bob@example.com>", mail.Mime.To.ToString());
        Assert.IsType<TextPart>(mail.Mime.Body);
        Assert.Equal(
            $"""
            Call tool drop_table on ops

            Environment: production
            Target:      ops
            Asked by:    deploy-bot
            Answer by:   2026-11-21 10:15:00 UTC

            Read all of it and answer in the console:
            http://console.test/console/actions/{asked.Id}

            This mail decides nothing, and an answer to it reaches nobody.
            {asked.Action.Digest.Value["sha256:".Length..][..12]} {asked.Id}
            """,
            mail.Text.Trim());
        Assert.DoesNotContain("orders", mail.Raw, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Threat", "THR-030"), Trait("CWE", "352")]
    public async Task A_scanner_that_opens_every_link_changes_nothing()
    {
        var asked = await _host.AskToldAsync();
        var before = await _host.FindAsync(asked.Id);
        using var stranger = _host.Console.Open();
        using var bob = await _host.Console.OpenForAsync("bob");
        var links = Link().Matches(Assert.Single(_host.Smtp.Taken).Text).Select(match => new Uri(match.Value)).ToList();

        Assert.Single(links);
        foreach (var path in links.Select(link => link.PathAndQuery))
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head, HttpMethod.Options })
            {
                using var unknown = await stranger.Client.SendAsync(new HttpRequestMessage(method, path), Cancel);
                using var known = await bob.Client.SendAsync(new HttpRequestMessage(method, path), Cancel);
                using var asking = await bob.Client.SendAsync(
                    new HttpRequestMessage(method, path + "?decision=approve"), Cancel);
                Assert.NotEqual(HttpStatusCode.OK, unknown.StatusCode);
            }

            // Programs that follow links also send what they find as a form; it has no token of a page.
            using var posted = await stranger.PostAsync(path, ("decision", "approve"));
            Assert.NotEqual(HttpStatusCode.OK, posted.StatusCode);
        }

        var after = await _host.FindAsync(asked.Id);
        Assert.Equal((ActionState.Pending, before.Version), (after.State, after.Version));
        Assert.Empty(after.Life.Votes);
    }

    [Fact]
    [Trait("Threat", "THR-093"), Trait("CWE", "639")]
    public async Task What_only_reviewers_may_read_is_no_part_of_a_mail()
    {
        await _host.AskToldAsync(target: "vault");

        var mail = Assert.Single(_host.Smtp.Taken);
        Assert.DoesNotContain("drop_table", mail.Mime.Subject + mail.Text, StringComparison.Ordinal);
        Assert.Contains("What it is about stands in the console only.", mail.Text, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Threat", "THR-040"), Trait("CWE", "451")]
    [InlineData("approve at https://evil.example/approve")]
    [InlineData("www.evil")]
    [InlineData("evil.example")]
    [InlineData("mail boss@evil")]
    [InlineData("tel:/110")]
    public async Task What_a_mail_program_would_make_a_link_of_stays_in_the_console(string operation)
    {
        await _host.Console.AskAsync(new Ask { Operation = operation });
        await _host.DeliverAsync();

        var mail = Assert.Single(_host.Smtp.Taken);
        Assert.DoesNotContain(operation, mail.Mime.Subject + mail.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mails_about_the_same_action_stand_together()
    {
        _host.Console.Require(ConsoleHost.Need("two", "why", ConsoleHost.Of("bob", 1), ConsoleHost.Of("dora", 1)));
        var asked = await _host.AskToldAsync();
        using var bob = await _host.Console.OpenForAsync("bob");
        await bob.VoteAsync(asked.Id.Value, "approve");
        await _host.DeliverAsync();

        var mails = _host.Smtp.Taken.Select(mail => mail.Mime).ToArray();
        Assert.Equal(mails[0].InReplyTo, mails[1].InReplyTo);
        Assert.NotEqual(mails[0].MessageId, mails[1].MessageId);
    }

    [Fact]
    [Trait("CWE", "93")]
    public void No_text_adds_a_header_or_breaks_a_line()
    {
        Prop.ForAll<NonNull<string>, NonNull<string>, NonNull<string>>((name, subject, text) =>
        {
            var shown = new EmailMessage(
                EmailAddress.Parse("bob@example.com"),
                DisplayText.OneLine(name.Get).Text,
                DisplayText.OneLine(subject.Get).Text,
                DisplayText.Lines(text.Get).Text,
                "act_1",
                "review 1");

            AssertWhole(shown);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("=?utf-8?q?Denied?= by carol")]
    [InlineData("a =?utf-8?b?RGVuaWVk?= b")]
    [InlineData("two =?us-ascii?q?a?= =?us-ascii?q?b?= words")]
    [InlineData("ÄÖÜ 漢字 🧯 and =?utf-8?q?x?=")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b")]
    [InlineData("漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢")]
    public void A_subject_is_read_as_it_stands_whatever_it_looks_like(string subject) => AssertWhole(
        new EmailMessage(EmailAddress.Parse("bob@example.com"), "Bob", subject, "text", "act_1", "review 1"));

    [Theory]
    [InlineData("x\r\nBcc: eve@evil.example")]
    [InlineData("x\nBcc: eve@evil.example\n\nbody")]
    [InlineData("=?utf-8?q?x=0D=0ABcc:_eve?=")]
    [InlineData("\"quoted\" <eve@evil.example>, \\")]
    [InlineData("(comment) a;b:c,d")]
    [InlineData("ÄÖÜ 漢字 🧯 עברית")]
    [InlineData("")]
    public void Not_even_a_text_that_nobody_cleaned_does(string text) => AssertWhole(
        new EmailMessage(EmailAddress.Parse("bob@example.com"), text, text, text, text, text), isClean: false);

    [Theory]
    [InlineData("alice")]
    [InlineData("alice@")]
    [InlineData("@example.com")]
    [InlineData("Alice <alice@example.com>")]
    [InlineData("alice@example.com, eve@evil.example")]
    [InlineData("alice@exam ple.com")]
    [InlineData("alice@example.com\r\nRCPT TO:<eve@evil.example>")]
    [InlineData("al\"ice@example.com")]
    [InlineData("älice@example.com")]
    [InlineData("alice@example..com")]
    [InlineData("a@b@example.com")]
    public void What_is_no_address_is_refused(string text) =>
        Assert.Throws<FormatException>(() => EmailAddress.Parse(text));

    private static void AssertWhole(EmailMessage message, bool isClean = true)
    {
        using var mime = message.ToMime(
            EmailAddress.Parse("countersign@example.com"), new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero));
        using var bytes = new MemoryStream();
        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        mime.WriteTo(format, bytes, Cancel);
        var raw = Encoding.Latin1.GetString(bytes.ToArray());
        var head = raw.Split("\r\n\r\n")[0];
        // Our own reading of RFC 5322: a line that does not begin with a blank begins a header.
        var names = head.Split("\r\n").Where(line => line[0] is not (' ' or '\t')).Select(line => line.Split(':')[0]);

        Assert.All(raw, c => Assert.True(c is '\r' or '\n' or '\t' or >= ' ' and <= '~', $"U+{(int)c:X4}"));
        Assert.All(raw.Split("\r\n"), line => Assert.True(line.Length <= LongestLine && !line.Contains('\n')));
        Assert.Equal(s_headers.Order(), names.Except(["Content-Transfer-Encoding"]).Order());
        Assert.Equal(names.Count(), names.Distinct().Count());
        bytes.Position = 0;
        using var read = MimeMessage.Load(bytes, Cancel);
        Assert.Equal("bob@example.com", Assert.Single(read.To.Mailboxes).Address);
        if (isClean)
        {
            var subject = message.Subject.Replace("=?", @"=\u{003F}", StringComparison.Ordinal).Trim();
            Assert.Equal((subject, subject), (read.Subject!.Trim(), SubjectIn(head).Trim()));
            Assert.Equal(message.Text.TrimEnd(), read.TextBody!.ReplaceLineEndings("\n").TrimEnd());
        }
    }

    /// <summary>Our own reading of RFC 2047: adjacent encoded words are one text, all else is itself.</summary>
    private static string SubjectIn(string head)
    {
        var folded = Subject().Match(head).Groups[1].Value;
        var joined = Between().Replace(folded.Replace("\r\n", "", StringComparison.Ordinal), "");
        var bytes = new List<byte>();
        for (var at = 0; at < joined.Length;)
        {
            var word = EncodedWord().Match(joined, at);
            var isHere = word.Success && word.Index == at;
            bytes.AddRange(isHere ? Decode(word) : Encoding.UTF8.GetBytes(joined[at..(at + 1)]));
            at += isHere ? word.Length : 1;
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static byte[] Decode(Match word)
    {
        var text = word.Groups[2].Value;
        return word.Groups[1].Value is "b" or "B"
            ? Convert.FromBase64String(text)
            : Encoding.Latin1.GetBytes(Escaped().Replace(
                text.Replace('_', ' '), each => $"{(char)Convert.ToByte(each.Groups[1].Value, 16)}"));
    }

    [GeneratedRegex(@"^Subject: ?([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", RegexOptions.Multiline)]
    private static partial Regex Subject();

    [GeneratedRegex(@"(?<=\?=)\s+(?==\?)")]
    private static partial Regex Between();

    [GeneratedRegex(@"=\?utf-8\?([bBqQ])\?([^?]*)\?=", RegexOptions.IgnoreCase)]
    private static partial Regex EncodedWord();

    [GeneratedRegex("=([0-9A-Fa-f]{2})")]
    private static partial Regex Escaped();

    [GeneratedRegex(@"\bhttps?://\S+")]
    private static partial Regex Link();
}
