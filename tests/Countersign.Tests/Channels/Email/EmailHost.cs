using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Email;
using Countersign.Tests.Console;
using Countersign.Tests.Support;
using MailKit.Security;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Tests.Channels.Email;

/// <summary>
/// The email channel between a console with its people and a mail server; tests run the outbox. Everybody but Carol has
/// an address, unless a test says otherwise.
/// </summary>
internal sealed class EmailHost : IAsyncDisposable
{
    private EmailHost(ManualTime time, SmtpDouble smtp, ConsoleHost console) =>
        (Time, Smtp, Console) = (time, smtp, console);

    public ManualTime Time { get; }

    public SmtpDouble Smtp { get; }

    public ConsoleHost Console { get; }

    public EmailOutbox Outbox { get; private set; } = null!;

    public string? Complaint => Outbox.Health.Complaint;

    /// <summary>Who got a mail, in the order in which they were taken.</summary>
    public string[] Told => [.. Smtp.Taken.Select(mail => Assert.Single(mail.To))];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<EmailHost> StartAsync(EmailHostOptions? wanted = null)
    {
        var options = wanted ?? new EmailHostOptions();
        var time = new ManualTime();
        var smtp = SmtpDouble.Start(options.Certificate, options.Password is not null);
        var channels = new ChannelSettings
        {
            Email = new EmailOptions(
                "localhost",
                smtp.Port,
                options.Security,
                EmailAddress.Parse("countersign@example.com"))
            {
                User = options.Password is null ? null : SmtpDouble.User,
                Password = options.Password,
                PerMinute = options.PerMinute,
                RootCertificate = options.RootCertificate,
                Patience = options.Patience,
            },
            Addresses = options.People.ToImmutableDictionary(
                name => new PersonId(name), name => EmailAddress.Parse($"{name}@example.com")),
        };
        var host = new EmailHost(time, smtp, await ConsoleHost.StartAsync(time, channels: channels));
        host.Restart();
        return host;
    }

    /// <summary>The outbox of another process at the same store: it knows what the store knows.</summary>
    public void Restart()
    {
        var services = Console.Service<IServiceProvider>();
        var rooms = ActivatorUtilities.CreateInstance<EmailOutbox.Rooms>(
            services, ActivatorUtilities.CreateInstance<EmailServer>(services));
        Outbox = ActivatorUtilities.CreateInstance<EmailOutbox>(
            services, new ChannelHealth(EmailOutbox.Channel, "The mail server"), rooms);
    }

    public Task<ActionRecord> AskAsync(string arguments = """{"table":"orders"}""", string target = "ops") =>
        Console.AskAsync(new Ask { Arguments = arguments, Target = target });

    public Task<bool> DeliverAsync() => Outbox.DeliverAsync(Cancel);

    /// <summary>Some time later, another round.</summary>
    public Task<bool> DeliverAfterAsync(double seconds)
    {
        Time.Advance(TimeSpan.FromSeconds(seconds));
        return DeliverAsync();
    }

    /// <summary>Asks, and sends what is to be sent.</summary>
    public async Task<ActionRecord> AskToldAsync(string target = "ops")
    {
        var record = await AskAsync(target: target);
        await DeliverAsync();
        return record;
    }

    public async Task<ActionRecord> FindAsync(ActionId id) =>
        (await Console.Office.Gatekeeper.FindAsync(id, Cancel))!;

    public async ValueTask DisposeAsync()
    {
        await Console.DisposeAsync();
        await Smtp.DisposeAsync();
    }
}

/// <summary>What a test wants to be different.</summary>
internal sealed record EmailHostOptions
{
    public string[] People { get; init; } = ["alice", "bob", "dora"];

    public SecureSocketOptions Security { get; init; } = SecureSocketOptions.None;

    public X509Certificate2? Certificate { get; init; }

    public string? RootCertificate { get; init; }

    public string? Password { get; init; }

    public int PerMinute { get; init; } = 60;

    public TimeSpan Patience { get; init; } = EmailLimits.Mail;
}
