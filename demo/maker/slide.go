package main

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// draw has Chromium paint a lesson's slides below each other in one page, and cuts them apart.
func draw(tmp string, pages []string) []string {
	src, sheet := filepath.Join(tmp, "slides.html"), filepath.Join(tmp, "slides.png")
	must(os.WriteFile(src, []byte(`<!doctype html><html lang="zh-CN"><meta charset="utf-8"><style>`+style+`</style>`+strings.Join(pages, "")), 0o600))
	run("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--hide-scrollbars", "--font-render-hinting=none", "--user-data-dir="+filepath.Join(tmp, "chromium"),
		fmt.Sprintf("--window-size=%d,%d", width, height*len(pages)), "--screenshot="+sheet, "file://"+src)
	pictures := make([]string, len(pages))
	for i := range pages {
		pictures[i] = filepath.Join(tmp, fmt.Sprintf("s%02d.png", i))
		run("ffmpeg", "-y", "-loglevel", "error", "-i", sheet, "-vf", fmt.Sprintf("crop=%d:%d:0:%d", width, height, i*height), pictures[i])
	}
	return pictures
}

const style = `*{margin:0;box-sizing:border-box}
section{width:1280px;height:720px;overflow:hidden;background:#f7f6f1;color:#15242b;font-family:"Noto Sans CJK SC",sans-serif;padding:52px 72px;position:relative}
.k{font-size:23px;color:#3a4a51;letter-spacing:.06em}
h1{font-size:54px;line-height:1.25;margin:4px 0 30px;letter-spacing:.01em}
.g{display:grid;gap:24px;height:296px}
.c{background:#fff;border:1px solid #dde2dc;border-top:10px solid var(--x);border-radius:8px;padding:24px 26px}
.n{font-size:23px;font-weight:700;color:var(--n)}
h2{font-size:44px;line-height:1.3;margin:2px 0 14px;white-space:nowrap}
p{font-size:27px;line-height:1.5;color:#3a4a51;text-wrap:balance}
p span{display:inline-block}
.five h2{font-size:38px}.five p{font-size:24px}.five .c{padding:22px 20px}.five.g{gap:18px}
.m{position:absolute;left:72px;right:72px;top:514px;font-size:26px;line-height:1.4;font-weight:500;padding-left:18px;border-left:6px solid #f2b93b;white-space:nowrap}
svg{position:absolute;left:72px;top:572px}
.f{position:absolute;left:72px;right:72px;top:632px;display:flex;justify-content:space-between;font-size:20px;color:#56656b}`

// palette are the bars' colours, from the product's tokens: azurite, malachite, gamboge, cinnabar, and ink for a fifth.
var palette = []string{"#175c7a", "#1b6e50", "#8a5a00", "#b9371f", "#3a4a51"}

// page is one slide in the one template of all courses (R1.8a).
func page(c course, l lesson, s slide, number, i int) string {
	var b strings.Builder
	class := "g"
	if len(s.Cards) > 4 {
		class = "g five"
	}
	fmt.Fprintf(&b, `<section><p class="k">%s</p><h1>%s</h1><div class="%s" style="grid-template-columns:repeat(%d,minmax(0,1fr))">`,
		html.EscapeString(l.Chapter+" · 第 "+strconv.Itoa(number)+" 节"), html.EscapeString(s.Title), class, len(s.Cards))
	for n, card := range s.Cards {
		head, body, _ := strings.Cut(card, "|")
		bar, number := palette[n%len(palette)], palette[n%len(palette)]
		if n < len(s.Colours) {
			bar, number = s.Colours[n], "#3a4a51"
		}
		fmt.Fprintf(&b, `<div class="c" style="--x:%s;--n:%s"><div class="n">%02d</div><h2>%s</h2><p>%s</p></div>`, bar, number, n+1, html.EscapeString(head), clauses(body))
	}
	b.WriteString(`</div>`)
	if s.Note != "" {
		fmt.Fprintf(&b, `<div class="m">%s</div>`, html.EscapeString(s.Note))
	}
	b.WriteString(ruler(i+1, len(l.Slides)))
	fmt.Fprintf(&b, `<div class="f"><span>%s</span><span>%d / %d</span></div></section>`, html.EscapeString(c.Title), i+1, len(l.Slides))
	return b.String()
}

// clauses keeps each clause together where a line may break.
func clauses(text string) string {
	var b strings.Builder
	for text != "" {
		i := strings.IndexAny(text, "，、：")
		if i < 0 {
			i = len(text)
		} else {
			i += len("，")
		}
		b.WriteString("<span>" + html.EscapeString(text[:i]) + "</span>")
		text = text[i:]
	}
	return b.String()
}

// ruler is the product's motif: a long tick where each slide begins, filled as far as the lesson has come.
func ruler(at, of int) string {
	const w, h = 1136, 34
	small := max(48/of, 1) * of
	var b strings.Builder
	fmt.Fprintf(&b, `<svg width="%d" height="%d">`, w, h)
	fmt.Fprintf(&b, `<rect x="0" y="24" width="%d" height="9" fill="#f2b93b"/>`, w*at/of)
	for n := range small + 1 {
		fmt.Fprintf(&b, `<path d="M%.1f 33v-8" stroke="#15242b" stroke-width="2"/>`, 1+float64(n)*(w-2)/float64(small))
	}
	for n := range of + 1 {
		fmt.Fprintf(&b, `<path d="M%.1f 33v-20" stroke="#15242b" stroke-width="2"/>`, 1+float64(n)*(w-2)/float64(of))
	}
	fmt.Fprintf(&b, `<path d="M0 33h%d" stroke="#15242b" stroke-width="2"/></svg>`, w)
	return b.String()
}
