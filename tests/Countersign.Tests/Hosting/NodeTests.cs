using System.Net;
using System.Net.Sockets;
using Countersign.Server.Configuration;
using Countersign.Server.Demo;
using Countersign.Server.Hosting;

namespace Countersign.Tests.Hosting;

public sealed class NodeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_start_that_fails_at_the_last_door_leaves_nothing_running()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var files = DemoFiles.Create(new Uri("http://127.0.0.1:9/mcp"), ((IPEndPoint)taken.LocalEndpoint).Port);
        var settings = SettingsFile.Load(files.Configuration, name => files.Variables.GetValueOrDefault(name));
        var time = new CountedTime();

        await Assert.ThrowsAsync<ConfigurationException>(
            () => Node.StartAsync(settings, new NodeOptions { LogsToTerminal = false, Time = time }, Cancel));

        Assert.Equal(time.Started, time.Ended);
        Directory.Delete(files.Folder, recursive: true);
    }

    [Fact]
    public async Task An_address_that_is_not_this_machines_is_named_with_the_setting()
    {
        var files = DemoFiles.Create(new Uri("http://127.0.0.1:9/mcp"), port: 0);
        var settings = SettingsFile.Load(files.Configuration, name => files.Variables.GetValueOrDefault(name));

        var refusal = await Assert.ThrowsAsync<ConfigurationException>(() => Node.StartAsync(
            settings with { Listen = new Uri("http://192.0.2.1:7070") },
            new NodeOptions { LogsToTerminal = false },
            Cancel));

        Assert.Contains("192.0.2.1", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("'listen'", refusal.Message, StringComparison.Ordinal);
        Directory.Delete(files.Folder, recursive: true);
    }

    /// <summary>Knows of each timer whether its owner has put it away.</summary>
    private sealed class CountedTime : TimeProvider
    {
        private int _started;
        private int _ended;

        public int Started => _started;

        public int Ended => _ended;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Increment(ref _started);
            return new CountedTimer(base.CreateTimer(callback, state, dueTime, period), this);
        }

        private sealed class CountedTimer(ITimer timer, CountedTime time) : ITimer
        {
            private int _isEnded;

            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

            public void Dispose()
            {
                Interlocked.Add(ref time._ended, 1 - Interlocked.Exchange(ref _isEnded, 1));
                timer.Dispose();
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
