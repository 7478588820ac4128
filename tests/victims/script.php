<?php
/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As script.py: opens files on many lines, by one way through the interpreter, and says what
 * its own tracebacks were. What is passed to keep() stays open.
 */

$kept = [];

/* Of who has called keep(): of a call it says where it was made, and the next one in which function that is. */
function frames(): array
{
    $calls = array_slice(debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS), 1);
    $found = [];
    foreach ($calls as $i => $call)
        if (isset($call['file']))
            $found[] = [$call['file'], $call['line'], name($calls[$i + 1] ?? null)];
    return $found;
}

function name(?array $call): string
{
    if (!$call)
        return '{main}';
    return (isset($call['class']) ? $call['class'] . '::' : '') . $call['function'];
}

/* Each is a file of its own, by which its descriptor is found later. */
function fresh(): string
{
    static $n = 0;
    return $GLOBALS['folder'] . '/' . $n++;
}

function keep($stream): void
{
    $GLOBALS['kept'][stream_get_meta_data($stream)['uri']] = [$stream, frames()];
}

class Pool
{
    function one() { keep(fopen(fresh(), 'w')); }
    function clean() { fclose(fopen(fresh(), 'w')); }
    function both() {
        keep(fopen(fresh(), 'w')); fclose(fopen(fresh(), 'w'));
        keep(fopen(fresh(), 'w'));
    }
    function recurse(int $depth)
    {
        return $depth ? $this->recurse($depth - 1) : $this->one();
    }
    static function apart() { keep(fopen(fresh(), 'w')); }
}

function generator(Pool $pool)
{
    yield $pool->one();
    yield $pool->clean();
}

function compare(Pool $pool): int
{
    foreach (generator($pool) as $_)
        ;
    return 0;
}

function work(Pool $pool): void
{
    $two = [1, 2];
    $pool->clean();
    $pool->one();
    $pool->both();
    $pool->recurse(5);
    usort($two, $GLOBALS['less']);
    array_map(['Pool', 'apart'], [1]);
    $GLOBALS['later']();
    part();
    /* What calls it is on another stack, behind the end of which there is no memory. */
    $fiber = new Fiber($GLOBALS['apart']);
    $fiber->start();
}

/* By descriptor. */
function told(): array
{
    $told = [];
    foreach (scandir('/proc/self/fd') as $fd) {
        $path = @readlink("/proc/self/fd/$fd");
        if ($path && isset($GLOBALS['kept'][$path]))
            $told[(int)$fd] = $GLOBALS['kept'][$path][1];
    }
    return $told;
}

$folder = $argv[2];
file_put_contents("$folder/part.php", "<?php\n\nfunction part() { keep(fopen(fresh(), 'w')); }\n");
include "$folder/part.php";
$less = fn($a, $b) => compare(new Pool);
$apart = fn() => (new Pool)->one();
$later = function () { keep(fopen(fresh(), 'w')); };
echo "ready\n";
fgets(STDIN);
for ($round = 0; $round < (int)$argv[1]; $round++) {
    work(new Pool);
    usleep(10000);
}
echo "done\n";
fgets(STDIN);
echo json_encode(told(), JSON_UNESCAPED_SLASHES), "\n";
fgets(STDIN);
