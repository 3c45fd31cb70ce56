namespace Countersign.Tests.Simulation;

/// <summary>
/// One thread, one seed: of everything that could go on now the seed picks what does, and when nothing can, time jumps
/// to the next timer. The same seed makes the same run.
/// </summary>
internal sealed class Schedule
{
    private readonly List<(Place Place, SendOrPostCallback Callback, object? State)> _ready = [];
    private readonly PriorityQueue<SimulatedTimer, (long Ticks, long Order)> _timers = new();
    private long _order;

    public Schedule(int seed)
    {
        Random = new Random(seed);
        Time = new SimulatedTime(this);
    }

    public Random Random { get; }

    public SimulatedTime Time { get; }

    /// <summary>Ticks since the simulation began.</summary>
    public long Now { get; private set; }

    /// <summary>How many steps were taken.</summary>
    public long Steps { get; private set; }

    public Place NewPlace() => new(this);

    /// <summary>The clock of the machines is set ahead; timers that are due by then fire late.</summary>
    public void Jump(TimeSpan ahead) => Now += ahead.Ticks;

    public TimeSpan UpTo(TimeSpan longest) => longest * Random.NextDouble();

    public bool Chance(int ofHundred) => Random.Next(100) < ofHundred;

    public Task DelayUpTo(TimeSpan longest) => Task.Delay(UpTo(longest), Time);

    /// <summary>Runs until a condition holds; <c>false</c> when nothing is left to do or time is over.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan atMost)
    {
        var end = Now + atMost.Ticks;
        while (!condition())
        {
            if (_ready.Count > 0)
            {
                RunOne();
            }
            else if (_timers.TryPeek(out _, out var next) && next.Ticks <= end)
            {
                FireNext();
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    private void RunOne()
    {
        Steps++;
        var chosen = Random.Next(_ready.Count);
        var (place, callback, state) = _ready[chosen];
        _ready[chosen] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        place.Run(callback, state);
    }

    private void FireNext()
    {
        _timers.TryDequeue(out var timer, out var due);
        Now = Math.Max(Now, due.Ticks);
        timer!.Fire(due.Order);
    }

    /// <summary>
    /// Somewhere code runs, such as a node: its continuations come back here, and when it is gone they go nowhere.
    /// </summary>
    internal sealed class Place(Schedule schedule) : SynchronizationContext
    {
        public bool IsGone { get; set; }

        public override void Post(SendOrPostCallback d, object? state)
        {
            if (!IsGone)
            {
                schedule._ready.Add((this, d, state));
            }
        }

        public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

        public override SynchronizationContext CreateCopy() => this;

        /// <summary>Begins something here. When the place is gone first, the task never ends.</summary>
        public Task<T> Begin<T>(Func<Task<T>> work)
        {
            var ended = new TaskCompletionSource<T>();
            Post(
                async _ =>
                {
                    try
                    {
                        ended.SetResult(await work());
                    }
                    catch (Exception failure)
                    {
                        ended.SetException(failure);
                    }
                },
                null);
            return ended.Task;
        }

        public void Run(SendOrPostCallback callback, object? state)
        {
            if (IsGone)
            {
                return;
            }

            var outer = Current;
            SetSynchronizationContext(this);
            try
            {
                callback(state);
            }
            finally
            {
                SetSynchronizationContext(outer);
            }
        }
    }

    /// <summary>The clock of the simulation; its timers fire only when the schedule lets time pass.</summary>
    internal sealed class SimulatedTime(Schedule schedule) : TimeProvider
    {
        private static readonly DateTimeOffset Start = new(2026, 11, 21, 2, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Start.AddTicks(schedule.Now);

        public override long GetTimestamp() => schedule.Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new SimulatedTimer(schedule, callback, state);
            timer.Change(dueTime, period);
            return timer;
        }
    }

    private sealed class SimulatedTimer(Schedule schedule, TimerCallback callback, object? state) : ITimer
    {
        private long _current;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            // What was set before is found stale when its turn comes.
            _current = ++schedule._order;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                schedule._timers.Enqueue(this, (schedule.Now + dueTime.Ticks, _current));
            }

            return true;
        }

        public void Fire(long order)
        {
            if (order == _current)
            {
                callback(state);
            }
        }

        public void Dispose() => _current = 0;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
