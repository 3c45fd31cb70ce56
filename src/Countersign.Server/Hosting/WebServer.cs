using System.Collections.Immutable;
using System.Net.Sockets;
using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Countersign.Gates.Api;
using Countersign.Gates.Credentials;
using Countersign.Gates.Hooks;
using Countersign.Gates.Http;
using Countersign.Gates.Mcp;
using Countersign.Server.Channels;
using Countersign.Server.Configuration;
using Countersign.Server.Console;
using Countersign.Server.Exports;
using Countersign.Server.Rosters;
using Countersign.Server.SignIn;
using Countersign.Server.Storage.Sqlite;
using Countersign.Server.Tracing;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;

namespace Countersign.Server.Hosting;

/// <summary>Puts the rooms of one node behind one web server: API, gates, console, ledger and health.</summary>
internal static class WebServer
{
    private const int RandomBytesPerNode = 8;

    public static WebApplication Build(Settings settings, NodeOptions options, NodeParts parts)
    {
        var (charter, keys, store, archive, _, certificate) = parts;
        // One file configures the server. A builder with defaults would also read appsettings.json wherever the server
        // was started, and watch that folder: with the store in it, each page written woke a thread.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        builder.Logging.SetMinimumLevel(options.LogsToTerminal ? LogLevel.Information : LogLevel.None);
        // Standard output is for data; what a server has to say is a message.
        builder.Logging.ClearProviders();
        builder.Logging.AddConsole(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.FormatterName = MaskedLogFormatter.FormatName;
        });
        builder.Logging.AddConsoleFormatter<MaskedLogFormatter, ConsoleFormatterOptions>();
        builder.Logging.AddFilter("Microsoft.Hosting", LogLevel.Warning);
        // A start that fails is told in our own words; what stops a running server is critical.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        // With this one the host would begin an activity around every request, and read baggage into it.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, settings, certificate, options.Time));
        AddRooms(builder.Services, settings, options, parts);
        builder.Services.AddMcpGate(services => McpOptionsOf(services, settings, options, charter, keys));
        builder.Services.AddHttpGate(services => HttpOptionsOf(services, settings, options, charter));
        builder.Services.AddConsole(new ConsoleOptions
        {
            PublicUrl = settings.PublicUrl,
            AcceptsOneTimeLinks = options.AcceptsOneTimeLinks,
            TakesTokens = settings.Identified.SignIn.TakesTokens,
            Limits = settings.Identified.SignIn.Limits,
        });
        builder.Services.AddChannels(
            settings.Channels, keys.DeriveKey(AccountTable.KeyPurpose), services => PublicOf(services, settings));

        builder.Services.AddHostedService<ReaperService>();
        if (settings.Postgres is not null)
        {
            builder.Services.AddSingleton(services => new PostgresHosting(services, settings));
            // Stopped before the reaper, because services stop in the reverse of this order: its reads end first.
            builder.Services.AddHostedService(services => services.GetRequiredService<PostgresHosting>());
        }

        builder.Services.AddSingleton<Func<ActionId, Uri>>(services => id => ReviewUrl(services, settings, id));
        builder.Services.AddHostedService<ReviewLog>();

        if (settings.Traces is { } traces)
        {
            builder.Services.AddSingleton(services =>
                TraceExport.Start(traces, services.GetRequiredService<ILogger<TraceExport>>()));
        }

        var web = builder.Build();
        var export = web.Services.GetService<TraceExport>();
        web.Use(LastResort.Handle(web.Logger));
        web.MapMcpGate();
        web.MapHttpGate();
        web.MapConsole();
        web.MapChannels();
        ApiFor(web.Services, settings).Map(web);
        new LedgerEndpoints(archive, keys.Ledger).Map(web);
        new ExportEndpoint(
            new ExportDesk(store, settings.Database, keys.Vault),
            web.Services.GetRequiredService<Authenticate>(),
            () => charter.Current).Map(web);
        var hooks = web.Services.GetRequiredService<HookSilence>();
        new HealthEndpoints(
            store,
            archive,
            export?.Counts,
            [.. web.Services.GetServices<ChannelHealth>()],
            () => hooks.Silent).Map(web);
        return web;
    }

    /// <exception cref="ConfigurationException">The address cannot be listened on.</exception>
    public static async Task OpenAsync(WebApplication web, Settings settings, CancellationToken cancellationToken)
    {
        try
        {
            await web.StartAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            throw new ConfigurationException(
                $"The server cannot listen on {settings.Listen}: {failure.Message} Stop what uses the port, or set " +
                "'listen' to an address of this machine and a port that may be used.");
        }
    }

    /// <summary>How people reach a server that listens; with port 0 in the configuration, at the port it got.</summary>
    public static Uri PublicOf(IServiceProvider services, Settings settings)
    {
        if (settings.Public.Port != 0)
        {
            return settings.Public;
        }

        var addresses = services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>();
        return new UriBuilder(settings.Public) { Port = new Uri(addresses.Addresses.First()).Port }.Uri;
    }

    private static void Listen(
        KestrelServerOptions kestrel, Settings settings, ServerCertificate? certificate, TimeProvider time)
    {
        kestrel.AddServerHeader = false;
        // Each door has its own limit and its own words for it; this one only stands behind them.
        kestrel.Limits.MaxRequestBodySize = settings.Limits.Body + 64 * 1024;
        var address = settings.Listen.HostNameType == UriHostNameType.Dns && !settings.Listen.IsLoopback
            ? System.Net.IPAddress.Any
            : settings.Listen.IsLoopback && settings.Listen.HostNameType == UriHostNameType.Dns
                ? System.Net.IPAddress.Loopback
                : System.Net.IPAddress.Parse(settings.Listen.Host.Trim('[', ']'));
        kestrel.Listen(address, settings.Listen.Port, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = certificate.Certificate;
                    https.ServerCertificateChain = certificate.Chain;
                    if (settings.Identified.TakesCertificates)
                    {
                        ClientCertificates.Accept(https, time);
                    }
                });
            }
        });
    }

    private static void AddRooms(
        IServiceCollection services, Settings settings, NodeOptions options, NodeParts parts)
    {
        var (charter, _, store, archive, _, _) = parts;
        services.AddSingleton(store);
        services.AddSingleton(archive);
        services.AddSingleton(options.Time);
        services.AddSingleton<FillRandom>(RandomNumberGenerator.Fill);
        services.AddSingleton<Func<Charter>>(() => charter.Current);
        services.AddSingleton<Settle>(async cancellationToken =>
        {
            await parts.Changes.People.SettleAsync(cancellationToken);
            await charter.SettleAsync(store, cancellationToken);
        });
        services.AddSignIn(settings.Identified, provider => PublicOf(provider, settings));
        services.AddSingleton<IsRegistered>(
            (person, account) => charter.Registered.Has(Roster.LineOf(person, account)));
        services.AddSingleton(charter);
        services.AddSingleton<Proposals>();
        services.AddSingleton(provider => OfficeOf(provider, settings, options, parts));
        services.AddSingleton(provider => provider.GetRequiredService<Office>().Gatekeeper);
        services.AddSingleton(provider => provider.GetRequiredService<Office>().ReviewDesk);
        services.AddSingleton(provider => provider.GetRequiredService<Office>().Rehearsals);
        services.AddSingleton(provider => provider.GetRequiredService<Office>().Revisions);
        services.AddSingleton(provider => provider.GetRequiredService<Office>().Reveals);
        services.AddSingleton(new CardMask(
            () => charter.Current, new RedactionKey(parts.Keys.DeriveKey("countersign-card-fingerprint-v1"))));
        services.AddHookGate();
        services.AddSingleton(CompleterOf);
        services.AddSingleton<RevisionReader>();
        services.AddSingleton(provider => provider.GetRequiredService<Office>().Agents);
        services.AddSingleton(provider => provider.GetRequiredService<Office>().Passkeys);
        services.AddSingleton(provider => provider.GetRequiredService<Office>().BreakGlass);
        services.AddSingleton(provider => provider.GetRequiredService<Office>().Reaper);
    }

    private static Office OfficeOf(
        IServiceProvider services, Settings settings, NodeOptions options, NodeParts parts) =>
        new(new OfficeOptions(
            parts.Store,
            () => parts.Charter.Current,
            // The gate is asked when something is to be executed, long after both exist.
            new ExecutionOptions(action =>
                parts.Changes.Policy.FindExecutor(action)
                ?? parts.Changes.People.FindExecutor(action)
                ?? services.GetService<PostgresHosting>()?.FindExecutor(action)
                ?? services.GetRequiredService<HttpGate>().FindExecutor(action)
                ?? services.GetRequiredService<McpGate>().FindExecutor(action))
            {
                FindRehearser = action => services.GetService<PostgresHosting>()?.FindRehearser(action),
                FindProver = action => services.GetService<PostgresHosting>()?.FindProver(action)
                    ?? services.GetRequiredService<HttpGate>().FindProver(action),
                FindEvidence = action => action.Evidence ?? HttpGate.EvidenceOf(action),
            })
        {
            Self = new NodeId(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytesPerNode))),
            Random = RandomNumberGenerator.Fill,
            Time = options.Time,
            Limits = settings.Limits,
            Tokens = parts.Keys.Redaction,
            Reread = services.GetRequiredService<SignInWays>().Standings is { } standings
                ? standings.RereadAsync
                : OfficeOptions.NobodyElseKnows,
            Passkeys = new PasskeyOptions
            {
                Party = () => PasskeySite.Of(PublicOf(services, settings)),
                Ledger = settings.Ledger.Origin,
                Key = parts.Keys.DeriveKey(Keyring.ForPasskeys),
            },
            BreakGlass = settings.BreakGlass is { } glass
                ? new BreakGlassOptions(new BreakGlassCodes(
                    parts.Keys.DeriveKey(Keyring.ForBreakGlass), () => parts.Store.Now, RandomNumberGenerator.Fill))
                {
                    TimeBox = glass.TimeBox,
                    ReviewWithin = glass.ReviewWithin,
                }
                : null,
            Channels = settings.Channels.Names,
        });

    private static McpGateOptions McpOptionsOf(
        IServiceProvider services, Settings settings, NodeOptions options, CharterSource charter, Keyring keys)
    {
        var office = services.GetRequiredService<Office>();
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger<CredentialMint>();
        var targets = settings.Targets
            .Where(target => target.Upstream is not null)
            .ToImmutableDictionary(
                target => target.Target.Name, target => McpTarget.Of(target, options.Time, log));
        return new McpGateOptions(office.Gatekeeper, office.Definitions, () => charter.Current)
        {
            Authenticate = services.GetRequiredService<Authenticate>(),
            DryRun = office.DryRun,
            ReviewDesk = office.ReviewDesk,
            Stopped = office.Agents.Stopped,
            Target = name => targets.GetValueOrDefault(name),
            ReviewUrl = services.GetRequiredService<Func<ActionId, Uri>>(),
            PublicUrl = settings.Public,
            SessionKey = keys.DeriveKey("countersign-mcp-session-v1"),
            Random = RandomNumberGenerator.Fill,
            Time = options.Time,
            Loggers = services.GetRequiredService<ILoggerFactory>(),
            Json = JsonLimitsOf(settings),
        };
    }

    private static HttpGateOptions HttpOptionsOf(
        IServiceProvider services, Settings settings, NodeOptions options, CharterSource charter)
    {
        var office = services.GetRequiredService<Office>();
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger<CredentialMint>();
        var targets = settings.Targets
            .Where(target => target.Http is not null)
            .ToImmutableDictionary(
                target => target.Target.Name, target => HttpTarget.Of(target, settings, options.Time, log));
        return new HttpGateOptions(office.Gatekeeper, () => charter.Current)
        {
            Authenticate = services.GetRequiredService<Authenticate>(),
            Stopped = office.Agents.Stopped,
            Target = name => targets.GetValueOrDefault(name),
            ReviewUrl = services.GetRequiredService<Func<ActionId, Uri>>(),
            Reads = office.Reads,
            Time = options.Time,
            Json = JsonLimitsOf(settings),
        };
    }

    private static ApiGate ApiFor(IServiceProvider services, Settings settings)
    {
        var charter = services.GetRequiredService<Func<Charter>>();
        var rooms = new ApiRooms(
            services.GetRequiredService<Office>(),
            services.GetRequiredService<IStore>(),
            services.GetRequiredService<IArchive>(),
            charter,
            services.GetRequiredService<CardMask>(),
            services.GetRequiredService<Authenticate>(),
            services.GetRequiredService<Func<ActionId, Uri>>());
        var limits = JsonLimitsOf(settings);
        return new ApiGate(
            rooms,
            new ApiActionReader(charter, services.GetRequiredService<CompleteAsking>(), limits),
            new ApiVotes(rooms, limits),
            new ApiPermits(rooms, limits),
            new ApiRevisions(rooms, services.GetRequiredService<RevisionReader>(), limits),
            new ApiRehearsals(rooms, limits),
            new ApiAgents(rooms, limits),
            new ApiRedactions(rooms, limits),
            new ApiReceipts(rooms, limits),
            new ApiOptions());
    }

    private static CompleteAsking CompleterOf(IServiceProvider services)
    {
        var mcp = services.GetRequiredService<McpGate>();
        var postgres = services.GetService<PostgresHosting>();
        var http = services.GetRequiredService<HttpGate>();
        var readers = services.GetServices<GateReader>().ToDictionary(reader => reader.Gate, reader => reader.Complete);
        return (asked, cancellationToken) => (asked.Target.Gate, postgres) switch
        {
            (var gate, _) when readers.TryGetValue(gate, out var complete) => complete(asked, cancellationToken),
            (GateKind.Postgres, { } gate) => gate.CompleteAsync(asked, cancellationToken),
            // What a statement does is found out by its gate; without that, nothing here could be judged.
            (GateKind.Postgres, null) => Task.FromResult<(Asking?, Problem?)>((null, RequestBody.Malformed(
                $"Target '{asked.Target.Name}' needs the PostgreSQL gate; put a section postgres: into the " +
                "configuration."))),
            (GateKind.Http, _) => Task.FromResult(http.Complete(asked)),
            _ => Task.FromResult<(Asking?, Problem?)>((asked with { Previewer = mcp.FindPreviewer(asked) }, null)),
        };
    }

    private static Uri ReviewUrl(IServiceProvider services, Settings settings, ActionId id) =>
        new(PublicOf(services, settings), $"/console/actions/{id}");

    private static JsonLimits JsonLimitsOf(Settings settings) => new()
    {
        Bytes = (int)settings.Limits.Body,
        Depth = settings.Limits.Depth,
    };
}
