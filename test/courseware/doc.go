// Package courseware is the defect corpus that judges the inspection of lessons: clips that are made by recipe, each with the
// defects that were put into it, and the harness that counts what an inspector finds, misses and alleges.
//
// A label says what was made, never what an inspector says of it. The clips stand in for filmed lessons and for slides: a
// moving teacher before a still room, grain of a camera, synthetic Chinese speech at -20 LUFS. They need ffmpeg and espeak-ng,
// are made once and kept by the hash of their recipe.
package courseware
